/** The part of opentype.js 2 that is used; the types on DefinitelyTyped are for version 1. */
declare module "opentype.js" {
  export interface Path {
    toPathData(decimals?: number): string;
  }
  export interface Glyph {
    readonly index: number;
    readonly advanceWidth: number;
    getPath(x: number, y: number, size: number): Path;
  }
  export interface Font {
    readonly unitsPerEm: number;
    charToGlyph(character: string): Glyph;
  }
  const opentype: { parse(bytes: ArrayBuffer): Font };
  export default opentype;
}
