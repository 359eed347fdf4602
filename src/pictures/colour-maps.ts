/**
 * Colour maps that rise evenly in lightness, so that equal steps of power look equal and a grey print keeps their order:
 * viridis, magma, inferno and plasma (Smith and van der Walt, CC0), cividis (Nunez, Anderton and Renslow 2018), grey.
 */

export const colourMapNames = ["viridis", "magma", "inferno", "plasma", "cividis", "gray"] as const;
export type ColourMapName = (typeof colourMapNames)[number];

/** Red, green and blue of 256 steps, lowest first: `bytes[3 * step]` is the red. */
export type ColourMap = Uint8Array;

export function colourMap(name: ColourMapName): ColourMap {
  const anchors = anchorColours[name].split(" ").map((hex) => Number.parseInt(hex, 16));
  const bytes = new Uint8Array(256 * 3);
  for (let step = 0; step < 256; step++) {
    const place = (step / 255) * (anchors.length - 1);
    const low = Math.min(Math.floor(place), anchors.length - 2);
    for (let part = 0; part < 3; part++) {
      const shift = 16 - 8 * part;
      const from = (anchors[low]! >> shift) & 255;
      const to = (anchors[low + 1]! >> shift) & 255;
      bytes[3 * step + part] = Math.round(from + (to - from) * (place - low));
    }
  }
  return bytes;
}

/** Every fifth of 256 colours, joined by straight lines; printed by scripts/golden/colour-maps.py. */
const anchorColours: Record<ColourMapName, string> = {
  gray: "000000 ffffff",
  // 0.9 of 255 off at worst.
  viridis:
    "440154 46085c 471063 481769 481d6f 482475 472a7a 46307e 453781 433d84 414287 3f4889 3d4e8a 3a538b " +
    "38598c 355e8d 33638d 31688e 2e6d8e 2c718e 2a768e 297b8e 27808e 25848e 23898e 218e8d 20928c 1f978b " +
    "1e9c89 1fa188 21a585 24aa83 28ae80 2eb37c 35b779 3dbc74 46c06f 50c46a 5ac864 65cb5e 70cf57 7cd250 " +
    "89d548 95d840 a2da37 b0dd2f bddf26 cae11f d8e219 e5e419 f1e51d fde725",
  // 0.8 of 255 off at worst.
  magma:
    "000004 02020b 050416 090720 0e0b2b 140e36 1a1042 21114e 29115a 311165 390f6e 420f75 4a1079 52137c " +
    "5a167e 621980 6a1c81 721f81 792282 812581 892881 912b81 992d80 a1307e aa337d b2357b ba3878 c23b75 " +
    "ca3e72 d2426f d9466b e04c67 e75263 ec5860 f1605d f4695c f7725c f97b5d fb8560 fc8e64 fd9869 fea16e " +
    "feaa74 feb47b febd82 fec68a fecf92 fed89a fde2a3 fdebac fcf4b6 fcfdbf",
  // 1.1 of 255 off at worst.
  inferno:
    "000004 02020c 050417 0a0722 10092d 160b39 1e0c45 260c51 2f0a5b 380962 400a67 490b6a 510e6c 59106e " +
    "61136e 69166e 71196e 781c6d 801f6c 88226a 902568 982766 a02a63 a82e5f b0315b b73557 bf3952 c63d4d " +
    "cc4248 d34743 d94d3d df5337 e45a31 e9612b ed6925 f1711f f47918 f78212 f98b0b fa9407 fb9d07 fca60c " +
    "fcb014 fbba1f fac42a f8cd37 f6d746 f4e156 f2ea69 f2f27d f5f992 fcffa4",
  // 2.0 of 255 off at worst.
  plasma:
    "0d0887 1b068d 260591 2f0596 38049a 41049d 4903a0 5102a3 5901a5 6100a7 6900a8 7100a8 7801a8 8004a8 " +
    "8707a6 8e0ca4 9511a1 9c179e a21d9a a82296 ae2892 b42e8d ba3388 bf3984 c43e7f c9447a cd4a76 d24f71 " +
    "d6556d da5b69 de6164 e26660 e66c5c e97257 ed7953 f07f4f f3854b f58c46 f79342 f99a3e fba139 fca835 " +
    "fdaf31 feb72d febe2a fdc627 fcce25 fbd724 f8df25 f6e826 f3f027 f0f921",
  // 3.9 of 255 off at worst.
  cividis:
    "00224e 002656 002a5f 002d68 003070 083370 163770 203a6f 273e6e 2e416d 34456c 3a486c 3f4c6c 444f6c " +
    "49536c 4e566c 535a6d 575d6d 5c616e 60646f 656870 696b71 6d6f72 727274 767676 7a7a78 7e7d78 838179 " +
    "888578 8d8878 928c78 969077 9b9476 a09875 a59c74 aaa073 afa471 b5a86f baac6d bfb06b c4b468 c9b965 " +
    "cfbd62 d4c15f dac65b dfca57 e5cf52 ead34c f0d846 f6dd3f fce236 fee838",
};
