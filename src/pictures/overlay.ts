/** Paths of signals drawn over a panel without covering them. */

import { across, type Box } from "./axes.ts";
import { type Colour, type Mark, style } from "./picture.ts";
import { textWidth } from "./text-width.ts";

export interface PathOverlay {
  /** Which panel of a cadence, from 0. */
  readonly panel?: number;
  /** Seconds since the scan's first row began: the centre of row `i` is at `(i + 0.5) * tsampS`. */
  readonly fromS: number;
  readonly fromMHz: number;
  readonly toS: number;
  readonly toMHz: number;
  readonly label?: string;
  /** `beside`: two dashed lines, one on each side of the path (default). `ends`: arrow heads where it begins and ends. */
  readonly style?: "beside" | "ends";
  readonly colour?: Colour;
}

export interface PanelAxes {
  readonly box: Box;
  readonly lowMHz: number;
  readonly highMHz: number;
  readonly startS: number;
  readonly stopS: number;
  /** Size of a cell of data, so that paths keep clear of it. */
  readonly channelMHz: number;
  readonly rowS: number;
}

const LABEL_HEIGHT = 18;
const ARROW = { halfWidth: 6, height: 10 };

/** The marks of all paths of one panel, clipped to it; labels step aside for paths and for each other. */
export function overlayMarks(paths: readonly PathOverlay[], axes: PanelAxes): Mark[] {
  if (paths.length === 0) return [];
  const placed = paths.map((path) => placePath(path, axes));
  const lines = placed.flatMap((path) =>
    path.style === "ends" ? endMarks(path, axes.box) : besideMarks(path),
  );
  const taken = placed.flatMap(boxesAlong);
  const labels = placed.flatMap((path) => labelMarks(path, axes.box, taken));
  return [{ kind: "clip", ...axes.box, marks: [...lines, ...labels] }];
}

interface PlacedPath extends PathOverlay {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  /** How far to each side the signal's own pixels may reach. */
  readonly reach: number;
}

function placePath(path: PathOverlay, axes: PanelAxes): PlacedPath {
  const { box, lowMHz, highMHz, startS, stopS } = axes;
  const down = (seconds: number) => box.y + ((seconds - startS) / (stopS - startS)) * box.height;
  const x1 = across(box, lowMHz, highMHz, path.fromMHz);
  const x2 = across(box, lowMHz, highMHz, path.toMHz);
  const channel = (axes.channelMHz / (highMHz - lowMHz)) * box.width;
  const rows = Math.abs(path.toS - path.fromS) / axes.rowS || 1;
  const reach = 8 + 1.5 * channel + Math.abs(x2 - x1) / rows / 2;
  return { ...path, x1, x2, y1: down(path.fromS), y2: down(path.toS), reach };
}

function besideMarks({ x1, y1, x2, y2, reach, colour = "#ffffff" }: PlacedPath): Mark[] {
  return [-reach, reach].flatMap((aside): Mark[] => {
    const ends = { x1: x1 + aside, y1, x2: x2 + aside, y2 };
    return [
      { kind: "line", ...ends, colour: style.ink, width: 3.5, opacity: 0.55, dash: [7, 5] },
      { kind: "line", ...ends, colour, width: 1.6, dash: [7, 5] },
    ];
  });
}

function endMarks({ x1, y1, x2, y2, colour }: PlacedPath, { y, height }: Box): Mark[] {
  const top = Math.max(y + ARROW.height + 1, Math.min(y1, y2));
  const bottom = Math.min(y + height - ARROW.height - 1, Math.max(y1, y2));
  const [xTop, xBottom] = y1 <= y2 ? [x1, x2] : [x2, x1];
  return [arrowHead(xTop, top, -1, colour), arrowHead(xBottom, bottom, 1, colour)];
}

/** Points at (x, y) from above where `side` is -1, from below where it is 1. */
function arrowHead(x: number, y: number, side: -1 | 1, colour: Colour = "#ffffff"): Mark {
  return {
    kind: "shape",
    points: [
      [x, y],
      [x - ARROW.halfWidth, y + side * ARROW.height],
      [x + ARROW.halfWidth, y + side * ARROW.height],
    ],
    fill: colour,
    stroke: style.ink,
    strokeWidth: 1,
  };
}

/** Boxes that cover a path with what belongs to it, so that no label does. */
function boxesAlong({ x1, y1, x2, y2, reach }: PlacedPath): Box[] {
  const pieces = 24;
  const width = Math.abs(x2 - x1) / pieces + 2 * reach;
  const height = Math.abs(y2 - y1) / pieces;
  return Array.from({ length: pieces }, (_, i) => {
    const part = (i + 0.5) / pieces;
    const [x, y] = [x1 + (x2 - x1) * part, y1 + (y2 - y1) * part];
    return { x: x - width / 2, y: y - height / 2, width, height };
  });
}

function labelMarks(path: PlacedPath, panel: Box, taken: Box[]): Mark[] {
  if (path.label === undefined) return [];
  const box = labelPlace(path.label, path, panel, taken);
  taken.push(box);
  return [
    { kind: "box", ...box, radius: 3, fill: "#ffffff", opacity: 0.88 },
    { kind: "text", text: path.label, x: box.x + 5, y: box.y + 13.2, size: style.text, colour: style.ink },
  ];
}

/** The first place within the panel, from the path's beginning on and near it before far, that covers least. */
function labelPlace(label: string, path: PlacedPath, panel: Box, taken: readonly Box[]): Box {
  const width = Math.ceil(textWidth(label, style.text)) + 10;
  const within = (x: number, y: number): Box => ({
    x: Math.min(Math.max(x, panel.x + 4), panel.x + panel.width - width - 4),
    y: Math.min(Math.max(y, panel.y + 4), panel.y + panel.height - LABEL_HEIGHT - 4),
    width,
    height: LABEL_HEIGHT,
  });
  let best = within(path.x1, path.y1);
  let covered = Number.POSITIVE_INFINITY;
  for (const gap of [4, 24, 60, 120, 200, 300]) {
    for (let part = 0; part <= 1; part += 0.0625) {
      const x = path.x1 + (path.x2 - path.x1) * part;
      const y = path.y1 + (path.y2 - path.y1) * part - LABEL_HEIGHT / 2;
      for (const place of [within(x + path.reach + gap, y), within(x - path.reach - gap - width, y)]) {
        const cost = taken.reduce((sum, other) => sum + overlap(place, other), 0);
        if (cost < covered) [best, covered] = [place, cost];
        if (cost === 0) return place;
      }
    }
  }
  return best;
}

/** Area that two boxes share. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}
