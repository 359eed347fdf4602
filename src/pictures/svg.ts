/** The marks of a picture as SVG. */

import type { Mark, Picture, TextMark } from "./picture.ts";

/** How a text becomes SVG: as `<text>` for a page, as outlines for a machine without fonts. */
export type TextDrawing = (mark: TextMark) => string;

/** The marks as an SVG document of the picture's size, with nothing where the rasters and the background go. */
export function pictureSvg(picture: Picture, drawText: TextDrawing = textElement): string {
  const { width, height, pixelRatio } = picture;
  let clips = 0;
  const body = picture.marks.map((mark) => markSvg(mark, drawText, () => `clip${clips++}`)).join("\n");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width * pixelRatio}" height="${height * pixelRatio}" ` +
    `viewBox="0 0 ${width} ${height}">\n${body}\n</svg>\n`
  );
}

/** A text left to the page's own fonts, Inter first. */
export const textElement: TextDrawing = (mark) => {
  const { x, y, text, size, bold, colour, anchor = "start", angle = 0 } = mark;
  const turn = angle === 0 ? "" : ` transform="rotate(${angle} ${x} ${y})"`;
  return (
    `<text x="${x}" y="${y}" font-family="Inter, system-ui, sans-serif" font-size="${size}"` +
    `${bold ? ' font-weight="600"' : ""} fill="${colour}" text-anchor="${anchor}"${turn}>${escapeXml(text)}</text>`
  );
};

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function markSvg(mark: Mark, drawText: TextDrawing, nextId: () => string): string {
  switch (mark.kind) {
    case "text":
      return drawText(mark);
    case "line":
      return `<line${attributes({
        x1: mark.x1,
        y1: mark.y1,
        x2: mark.x2,
        y2: mark.y2,
        stroke: mark.colour,
        "stroke-width": mark.width,
        "stroke-dasharray": mark.dash?.join(" "),
        opacity: mark.opacity,
      })}/>`;
    case "box":
      return `<rect${attributes({
        x: mark.x,
        y: mark.y,
        width: mark.width,
        height: mark.height,
        rx: mark.radius,
        fill: mark.fill ?? "none",
        stroke: mark.stroke,
        "stroke-width": mark.strokeWidth,
        opacity: mark.opacity,
      })}/>`;
    case "shape":
      return `<polygon${attributes({
        points: mark.points.map((point) => point.map(short).join(",")).join(" "),
        fill: mark.fill,
        stroke: mark.stroke,
        "stroke-width": mark.strokeWidth,
        "stroke-linejoin": mark.stroke && "round",
      })}/>`;
    case "clip": {
      const id = nextId();
      const { x, y, width, height } = mark;
      const inside = mark.marks.map((child) => markSvg(child, drawText, nextId)).join("\n");
      return `<clipPath id="${id}"><rect${attributes({ x, y, width, height })}/></clipPath><g clip-path="url(#${id})">${inside}</g>`;
    }
  }
}

function attributes(values: Record<string, string | number | undefined>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${typeof value === "number" ? short(value) : escapeXml(value!)}"`)
    .join("");
}

function short(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
