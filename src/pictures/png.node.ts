/**
 * A picture as PNG bytes, through sharp. Text is drawn as outlines taken from the font files of @fontsource/inter, glyph by
 * glyph, so that a machine without any font makes the same picture.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import opentype, { type Font, type PathCommand } from "opentype.js";
import sharp from "sharp";
import type { Picture, TextMark } from "./picture.ts";
import { pictureSvg } from "./svg.ts";

export async function encodePng(picture: Picture): Promise<Uint8Array> {
  const width = Math.round(picture.width * picture.pixelRatio);
  const height = Math.round(picture.height * picture.pixelRatio);
  const svg = Buffer.from(pictureSvg(picture, outlineText));
  const png = await sharp(placeRasters(picture, width, height), { raw: { width, height, channels: 3 } })
    .composite([{ input: svg, left: 0, top: 0 }])
    .removeAlpha()
    .png({ compressionLevel: 9 })
    .toBuffer();
  return new Uint8Array(png);
}

function placeRasters(picture: Picture, width: number, height: number): Uint8Array {
  const page = new Uint8Array(width * height * 3);
  const background = Number.parseInt(picture.background.slice(1), 16);
  for (let i = 0; i < page.length; i += 3) {
    page[i] = background >> 16;
    page[i + 1] = (background >> 8) & 255;
    page[i + 2] = background & 255;
  }
  for (const raster of picture.rasters) {
    for (let y = 0; y < raster.height; y++) {
      const row = raster.rgb.subarray(3 * y * raster.width, 3 * (y + 1) * raster.width);
      page.set(row, 3 * ((raster.y + y) * width + raster.x));
    }
  }
  return page;
}

/** A text as one filled path. Characters that the font lacks become question marks. */
export function outlineText(mark: TextMark): string {
  const { x, y, text, size, bold = false, colour, anchor = "start", angle = 0 } = mark;
  const font = loadFont(bold ? 600 : 400);
  const glyphs = [...text].map((character) => {
    const glyph = font.charToGlyph(character);
    return glyph.index === 0 ? font.charToGlyph("?") : glyph;
  });
  const advances = glyphs.map((glyph) => (glyph.advanceWidth / font.unitsPerEm) * size);
  const width = advances.reduce((sum, advance) => sum + advance, 0);
  let pen = anchor === "start" ? 0 : anchor === "middle" ? -width / 2 : -width;
  let outlines = "";
  for (const [i, glyph] of glyphs.entries()) {
    outlines += pathData(glyph.getPath(pen, 0, size).commands);
    pen += advances[i]!;
  }
  const turn = angle === 0 ? "" : ` rotate(${angle})`;
  return `<path transform="translate(${x} ${y})${turn}" fill="${colour}" d="${outlines}"/>`;
}

/** opentype.js's own writer runs some numbers together ("12.410" for 12.41 and 0). */
function pathData(commands: readonly PathCommand[]): string {
  return commands.map((command) => command.type + numbers(command).join(" ")).join("");
}

function numbers(command: PathCommand): number[] {
  const { x1, y1, x2, y2, x, y } = command;
  const given = [x1, y1, x2, y2, x, y].filter((n) => n !== undefined);
  return given.map((n) => Math.round(n * 100) / 100);
}

const fonts = new Map<number, Font>();

function loadFont(weight: 400 | 600): Font {
  let font = fonts.get(weight);
  if (font === undefined) {
    const require = createRequire(import.meta.url);
    const file = readFileSync(require.resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff`));
    font = opentype.parse(new Uint8Array(file).buffer);
    fonts.set(weight, font);
  }
  return font;
}
