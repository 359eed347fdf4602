/**
 * A picture as plain data, for any machine to draw: pixels of power placed on a page, and marks (text, lines, boxes) over them.
 * `encodePng` of png.node.ts makes a file of it; a page can paint the rasters on a canvas and lay `pictureSvg` over it.
 */

/** A CSS colour, "#rrggbb". */
export type Colour = string;

/** Lengths are CSS pixels; a raster's are device pixels, `pixelRatio` to one of those. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
  readonly background: Colour;
  readonly rasters: readonly Raster[];
  readonly marks: readonly Mark[];
}

export interface Raster {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Red, green, blue of each pixel, row by row from the top. */
  readonly rgb: Uint8Array;
}

export type Mark = TextMark | LineMark | BoxMark | ShapeMark | ClipMark;

export interface TextMark {
  readonly kind: "text";
  readonly text: string;
  /** The anchor on the baseline. */
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly bold?: boolean;
  readonly colour: Colour;
  readonly anchor?: "start" | "middle" | "end";
  /** Degrees, clockwise about the anchor. */
  readonly angle?: number;
}

export interface LineMark {
  readonly kind: "line";
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly colour: Colour;
  readonly width: number;
  /** Lengths drawn and left out, in turn. */
  readonly dash?: readonly number[];
  readonly opacity?: number;
}

export interface BoxMark {
  readonly kind: "box";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly radius?: number;
  readonly fill?: Colour;
  readonly stroke?: Colour;
  readonly strokeWidth?: number;
  readonly opacity?: number;
}

/** A filled polygon. */
export interface ShapeMark {
  readonly kind: "shape";
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly fill: Colour;
  readonly stroke?: Colour;
  readonly strokeWidth?: number;
}

/** Marks of which only what lies in a box is drawn. */
export interface ClipMark {
  readonly kind: "clip";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly marks: readonly Mark[];
}

/** Sizes and colours of every picture: dark on light, two sizes of type. */
export const style = {
  title: 18,
  text: 13,
  ink: "#1b2430",
  quiet: "#566273",
  rule: "#aab3bf",
  paper: "#ffffff",
  /** Where there is no data. */
  missing: [226, 230, 236] as const,
  on: "#1257b5",
  off: "#566273",
};
