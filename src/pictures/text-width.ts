/** How wide a text is in Inter, so that pictures are laid out without the font at hand. */

/** Advances in thousandths of the size, from the space to the tilde, weight 400. */
const advances =
  "281 288 466 633 642 982 644 300 365 365 501 662 288 460 288 360 631 407 610 618 646 593 620 566 619 620 288 302 662 662 662 511 966 690 654 730 722 601 590 746 743 269 571 672 565 903 753 765 639 765 644 642 646 744 690 985 682 679 629 365 360 365 471 456 323 562 612 571 612 583 370 613 591 242 242 549 242 876 591 600 612 612 376 528 327 591 562 818 546 562 552 426 333 426 662"
    .split(" ")
    .map(Number);

/** Of any other character; Latin letters with accents and the signs in use (− ± · × … µ) are narrower. */
const OTHER_ADVANCE = 870;

/** The semi-bold is this much wider, at most. */
const BOLD_FACTOR = 1.045;

/** Width in the unit of `size`, right for ASCII to half a per cent (semi-bold: at most 3 % too wide), an upper bound beyond. */
export function textWidth(text: string, size: number, bold = false): number {
  let thousandths = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    thousandths += (code >= 32 && code < 127 ? advances[code - 32] : undefined) ?? OTHER_ADVANCE;
  }
  return (thousandths / 1000) * size * (bold ? BOLD_FACTOR : 1);
}

/** The text, with its middle left out where it is wider than `width`: "blc17_guppi_57…0011.h5". */
export function fitText(text: string, width: number, size: number, bold = false): string {
  if (textWidth(text, size, bold) <= width) return text;
  const characters = [...text];
  for (let kept = characters.length - 1; kept > 1; kept--) {
    const tail = Math.floor(kept / 2);
    const shorter = `${characters.slice(0, kept - tail).join("")}…${characters.slice(characters.length - tail).join("")}`;
    if (textWidth(shorter, size, bold) <= width) return shorter;
  }
  return "…";
}
