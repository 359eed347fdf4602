import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { makeCadence } from "../signal/cadence.ts";
import { channelFrequencyMHz, type Spectrogram } from "../signal/spectrogram.ts";
import { renderCadence } from "./cadence-picture.ts";
import { colourMap } from "./colour-maps.ts";
import type { Mark, Picture, Raster, TextMark } from "./picture.ts";
import { encodePng, outlineText } from "./png.node.ts";
import { renderSpectrogram } from "./spectrogram-picture.ts";
import { pictureSvg } from "./svg.ts";
import { fitText, textWidth } from "./text-width.ts";

interface Made {
  readonly rows?: number;
  readonly channels?: number;
  readonly line?: number;
  readonly foffMHz?: number;
  readonly fch1MHz?: number;
  readonly tsampS?: number;
  readonly tstartMjd?: number;
  readonly name?: string;
}

/** Noise between 1 and 2 with a line of power 1000. */
function made(options: Made = {}): Spectrogram {
  const {
    rows = 16,
    channels = 5000,
    line = 1234,
    foffMHz = -2.8e-6,
    fch1MHz = 8419.3,
    tsampS = 18.25,
  } = options;
  const data = Float32Array.from({ length: rows * channels }, (_, i) => 1 + ((i * 7919) % 1009) / 1009);
  for (let row = 0; row < rows; row++) data[row * channels + line] = 1000;
  return {
    data,
    time: { tstartMjd: options.tstartMjd ?? 57_650.78, tsampS, nsamples: rows },
    frequency: { fch1MHz, foffMHz, nchans: channels },
    header: options.name === "" ? {} : { source_name: options.name ?? "HIP17147" },
    source: "some/folder/scan_0011.fil",
  };
}

const texts = (marks: readonly Mark[]): TextMark[] =>
  marks.flatMap((mark) => (mark.kind === "text" ? [mark] : mark.kind === "clip" ? texts(mark.marks) : []));

const words = (picture: Picture) => texts(picture.marks).map(({ text }) => text);

function pixel(raster: Raster, x: number, y: number): number[] {
  return [...raster.rgb.slice(3 * (y * raster.width + x), 3 * (y * raster.width + x) + 3)];
}

/** The box of a text's ink, roughly: from the baseline up to the height of a capital. */
function extent({ text, x, y, size, bold, anchor = "start", angle = 0 }: TextMark) {
  const width = textWidth(text, size, bold);
  const start = anchor === "start" ? 0 : anchor === "middle" ? -width / 2 : -width;
  if (angle === 0)
    return { left: x + start, right: x + start + width, top: y - 0.73 * size, bottom: y + 0.05 * size };
  expect(angle).toBe(-90);
  return { left: x - 0.73 * size, right: x + 0.05 * size, top: y - start - width, bottom: y - start };
}

function expectTidy(picture: Picture): void {
  const boxes = texts(picture.marks).map((mark) => ({ ...extent(mark), text: mark.text }));
  for (const [i, a] of boxes.entries()) {
    expect(a.left, a.text).toBeGreaterThanOrEqual(0);
    expect(a.top, a.text).toBeGreaterThanOrEqual(0);
    expect(a.right, a.text).toBeLessThanOrEqual(picture.width);
    expect(a.bottom, a.text).toBeLessThanOrEqual(picture.height);
    for (const b of boxes.slice(i + 1)) {
      const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      expect(apart, `"${a.text}" over "${b.text}"`).toBe(true);
    }
  }
}

test("a line one channel wide is in its column, in the brightest colour, in every row", () => {
  for (const foffMHz of [-2.8e-6, 2.8e-6]) {
    const spectrogram = made({ foffMHz });
    const picture = renderSpectrogram(spectrogram);
    const raster = picture.rasters[0]!;
    const colours = colourMap("viridis");
    const lowMHz = Math.min(8419.3 - foffMHz / 2, 8419.3 + foffMHz * 4999.5);
    const place = (channelFrequencyMHz(spectrogram.frequency, 1234) - lowMHz) / (5000 * 2.8e-6);
    const column = Math.floor(place * raster.width);
    for (let y = 0; y < raster.height; y++) {
      const bright = [column - 1, column, column + 1].filter(
        (x) => `${pixel(raster, x, y)}` === `${[...colours.slice(-3)]}`,
      );
      expect(bright.length).toBe(1);
      expect(pixel(raster, column + 5, y)).not.toEqual([...colours.slice(-3)]);
    }
  }
});

test("few rows and channels are enlarged without smoothing, the first row on top, frequency rising to the right", () => {
  const spectrogram: Spectrogram = {
    ...made(),
    data: Float32Array.of(0, 1, 2, 3),
    time: { tstartMjd: 0, tsampS: 1, nsamples: 2 },
    frequency: { fch1MHz: 1001, foffMHz: -1, nchans: 2 },
  };
  const raster = renderSpectrogram(spectrogram, { scale: "linear", colourMap: "gray" }).rasters[0]!;
  const [right, bottom] = [raster.width - 1, raster.height - 1];
  const grey = (x: number, y: number) => pixel(raster, x, y)[0]!;
  expect([grey(0, 0), grey(right, 0), grey(0, bottom), grey(right, bottom)]).toEqual([85, 0, 255, 170]);
  expect([grey(Math.ceil(raster.width / 2) - 2, 0), grey(Math.ceil(raster.width / 2), 0)]).toEqual([85, 0]);
  expect(new Set(raster.rgb).size).toBe(4);
});

test("missing values are grey", () => {
  const spectrogram = made({ channels: 10, line: 0 });
  spectrogram.data.fill(Number.NaN, 0, 10);
  const raster = renderSpectrogram(spectrogram).rasters[0]!;
  expect(pixel(raster, 3, 0)).toEqual([226, 230, 236]);
  expect(pixel(raster, 3, raster.height - 1)).not.toEqual([226, 230, 236]);
});

test("the page says what is shown", () => {
  const shown = words(renderSpectrogram(made()));
  expect(shown).toContain("HIP17147");
  expect(shown).toContain("scan_0011.fil  ·  2016-09-19 18:43:12 UTC (MJD 57650.780000)");
  expect(shown).toContain("5,000 channels of 2.8 Hz  ·  16 rows of 18.25 s");
  expect(shown).toContain("Time, s");
  expect(shown).toContain("Power, dB");
  expect(words(renderSpectrogram(made({ name: "", tstartMjd: 0 }))).slice(0, 2)).toEqual([
    "scan_0011.fil",
    "scan_0011.fil",
  ]);
});

test("a cadence marks each scan in word and colour, on one frequency axis and one colour scale", () => {
  const scans = [..."ABACAD"].map((letter, i) =>
    made({ name: `STAR_${letter}`, tstartMjd: 57_650.78 + i * 0.004, line: letter === "A" ? 500 : 4000 }),
  );
  const picture = renderCadence(makeCadence("ABACAD", scans));
  const shown = words(picture);
  expect(shown.filter((text) => text === "ON" || text === "OFF")).toEqual([
    "ON",
    "OFF",
    "ON",
    "OFF",
    "ON",
    "OFF",
  ]);
  expect(shown.filter((text) => text.startsWith("Frequency"))).toHaveLength(1);
  expect(shown.filter((text) => text.startsWith("Power"))).toHaveLength(1);
  expect(shown).toContain("STAR_C");
  expect(shown).toContain("+5 min 46 s");
  expect(picture.rasters).toHaveLength(7);
  const colours = texts(picture.marks).filter(({ text }) => text === "A" || text === "B");
  expect(new Set(colours.map(({ colour }) => colour)).size).toBe(2);
  expectTidy(picture);
});

test("scans of different bands share the axis that spans them, grey where they have nothing", () => {
  const cadence = makeCadence("AB", [
    made({ channels: 100, line: 3 }),
    made({ channels: 100, line: 3, fch1MHz: 8419.3 - 200 * 2.8e-6 }),
  ]);
  const [first, second] = renderCadence(cadence).rasters;
  const missing = [226, 230, 236];
  expect(pixel(first!, 5, 5)).toEqual(missing);
  expect(pixel(first!, first!.width - 5, 5)).not.toEqual(missing);
  expect(pixel(second!, 5, 5)).not.toEqual(missing);
  expect(pixel(second!, second!.width - 5, 5)).toEqual(missing);
});

test("no text is cut or lies on another, whatever the data", () => {
  fc.assert(
    fc.property(
      fc.record({
        rows: fc.constantFrom(1, 3, 16, 300),
        channels: fc.constantFrom(1, 2, 117, 2000),
        foffMHz: fc.constantFrom(-2.8e-6, 1e-3, -0.5, 4, -1e-9),
        fch1MHz: fc.constantFrom(0.5, 1420.405751, 8419.3, 101_234.567_891),
        tsampS: fc.constantFrom(1e-6, 0.25, 18.25, 3600),
        name: fc.constantFrom("", "X", "a very long name of a source ".repeat(9)),
      }),
      fc.constantFrom("auto", "linear", "column", "percentile"),
      fc.constantFrom(700, 1200, 2400),
      fc.constantFrom("A", "AB", "ABACAD", "ABACADAEAF"),
      (options, scale, width, pattern) => {
        const whole = made({ ...options, line: 0 });
        expectTidy(renderSpectrogram(whole, { scale, width } as const));
        expectTidy(
          renderCadence(
            makeCadence(
              pattern,
              [...pattern].map(() => whole),
            ),
            { scale, width } as const,
          ),
        );
      },
    ),
    { seed: 8, numRuns: 40 },
  );
});

test("overlays lie beside the path or at its ends, clipped to the panel, and labels step aside for each other", () => {
  const spectrogram = made();
  const path = { fromS: 9, toS: 283, fromMHz: 8419.29, toMHz: 8419.291 };
  const count = (style: "beside" | "ends", kind: Mark["kind"]) => {
    const picture = renderSpectrogram(spectrogram, { overlays: [{ ...path, style }] });
    return picture.marks
      .flatMap((mark) => (mark.kind === "clip" ? mark.marks : []))
      .filter((mark) => mark.kind === kind);
  };
  const lines = count("beside", "line").filter(
    (mark): mark is Extract<Mark, { kind: "line" }> => mark.kind === "line",
  );
  expect(lines).toHaveLength(4);
  expect(Math.abs(lines[0]!.x1 - lines[2]!.x1)).toBeGreaterThan(12);
  expect(lines.every(({ dash }) => dash !== undefined)).toBe(true);
  expect(count("ends", "shape")).toHaveLength(2);
  expect(count("ends", "line")).toHaveLength(0);
  expectTidy(
    renderSpectrogram(spectrogram, {
      overlays: [
        { ...path, label: "+3.650 Hz/s  S/N 41" },
        { ...path, label: "+3.651 Hz/s  S/N 17" },
        { ...path, fromMHz: 8419.2999, toMHz: 8419.2999, label: "at the edge" },
      ],
    }),
  );
});

test("a PNG has the picture's size, the line where it was put, and ink where the text is", async () => {
  for (const pixelRatio of [1, 2]) {
    const picture = renderSpectrogram(made(), { width: 800, panelHeight: 200, pixelRatio });
    const { data, info } = await sharp(await encodePng(picture))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([
      800 * pixelRatio,
      picture.height * pixelRatio,
      3,
    ]);
    const raster = picture.rasters[0]!;
    const at = (x: number, y: number) => [
      ...data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3),
    ];
    const middle = raster.y + Math.floor(raster.height / 2);
    const brightest = Array.from({ length: raster.width }, (_, x) => x).filter(
      (x) => `${at(raster.x + x, middle)}` === "253,231,37",
    );
    const column = Math.floor(((1 - 1234.5 / 5000) * raster.width) / pixelRatio);
    expect(brightest).toEqual(Array.from({ length: pixelRatio }, (_, i) => column * pixelRatio + i));
    expect(at(1, 1)).toEqual([255, 255, 255]);
    const title = texts(picture.marks)[0]!;
    let dark = 0;
    for (let y = (title.y - 14) * pixelRatio; y < title.y * pixelRatio; y++) {
      for (let x = title.x * pixelRatio; x < (title.x + 80) * pixelRatio; x++) if (at(x, y)[0]! < 80) dark++;
    }
    expect(dark).toBeGreaterThan(150 * pixelRatio ** 2);
  }
});

test("text is outlines for a file and text for a page, with what XML forbids escaped", () => {
  const picture = renderSpectrogram(made({ name: `<A&B> "star"` }));
  const outlined = pictureSvg(picture, outlineText);
  expect(outlined).not.toContain("<text");
  expect(outlined).not.toContain("font-family");
  const page = pictureSvg(picture);
  expect(page).toContain(">&#60;A&#38;B&#62; &#34;star&#34;</text>");
});

test("outlines are numbers apart from each other, and a character that the font lacks becomes a question mark", () => {
  const mark = { kind: "text", x: 0, y: 0, size: 13, colour: "#000000" } as const;
  const path = /d="([^"]*)"/.exec(outlineText({ ...mark, text: "512 µs, 8419.2970 MHz − 10 %" }))![1]!;
  const needed: Record<string, number> = { M: 2, L: 2, Q: 4, C: 6, Z: 0 };
  for (const [, letter, numbers] of path.matchAll(/([MLQCZ])([^MLQCZ]*)/g)) {
    expect(numbers!.trim().split(" ").filter(Boolean)).toHaveLength(needed[letter!]!);
  }
  expect(outlineText({ ...mark, text: "星" })).toBe(outlineText({ ...mark, text: "?" }));
});

test("the table of widths agrees with the font", () => {
  const rightmost = (text: string, bold: boolean) => {
    const svg = outlineText({
      kind: "text",
      text: `${text}|`,
      x: 0,
      y: 0,
      size: 1000,
      colour: "#000000",
      bold,
    });
    const bar = outlineText({ kind: "text", text: "|", x: 0, y: 0, size: 1000, colour: "#000000", bold });
    const last = (path: string) =>
      Math.max(...[...path.matchAll(/[ MLQ](-?[\d.]+) -?[\d.]+(?=[A-Z"])/g)].map(([, x]) => Number(x)));
    return last(svg) - last(bar);
  };
  for (const text of ["Frequency from 8419.2970 MHz, Hz", "0123456789", "ABCXYZ abcxyz_()", "2016-09-19"]) {
    expect(Math.abs(textWidth(text, 1000) / rightmost(text, false) - 1)).toBeLessThan(0.005);
    const bold = textWidth(text, 1000, true) / rightmost(text, true);
    expect(bold).toBeGreaterThan(0.985);
    expect(bold).toBeLessThan(1.04);
  }
  expect(textWidth("−±·×…µé", 1000)).toBeGreaterThan(rightmost("−±·×…µé", false));
});

test("a text too wide loses its middle", () => {
  expect(fitText("short", 200, 13)).toBe("short");
  const fitted = fitText(
    "spliced_blc0001020304050607_guppi_57650_67573_Voyager1_0002.gpuspec.0000.h5",
    200,
    13,
  );
  expect(fitted).toMatch(/^spliced_blc.*….*0000\.h5$/);
  expect(textWidth(fitted, 13)).toBeLessThanOrEqual(200);
});
