/** A cadence's panels as one picture, ON and OFF marked. */

import { renderCadence } from "../pictures/cadence-picture.ts";
import type { Picture } from "../pictures/picture.ts";
import type { PictureOptions } from "../pictures/spectrogram-picture.ts";
import type { Cadence } from "../signal/cadence.ts";
import { COMPETITION_SHAPE, type Panels } from "../signal/panels.ts";
import type { Spectrogram } from "../signal/spectrogram.ts";

/** Green Bank's fine product, as the competition's cadences have it. Frequencies are offsets from the first channel. */
const AXES = { fch1MHz: 0, foffMHz: -2.7939677238464355e-6, tsampS: 18.253611008 };

/** ON and OFF in turn, as in ABACAD. Columns are shown by their own median and deviation, which brings out what moves, unless a scale is given. */
export function panelsPicture(panels: Panels, options: PictureOptions = {}): Picture {
  const { data, rows, channels } = panels;
  const length = rows * channels;
  const scans = Array.from({ length: panels.panels }, (_, i): Cadence<Spectrogram>["scans"][number] => ({
    role: i % 2 === 0 ? "ON" : "OFF",
    pointing: letterOf(i),
    source: {
      data: data.subarray(i * length, (i + 1) * length),
      time: { tstartMjd: 0, tsampS: AXES.tsampS, nsamples: rows },
      frequency: { fch1MHz: AXES.fch1MHz, foffMHz: AXES.foffMHz, nchans: channels },
      header: { source_name: `panel ${i + 1}` },
      source: "",
    },
  }));
  const pattern = scans.map(({ pointing }) => pointing).join("");
  return renderCadence({ pattern, scans }, { scale: "column", ...options });
}

function letterOf(panel: number): string {
  return COMPETITION_SHAPE.pattern[panel] ?? (panel % 2 === 0 ? "A" : "B");
}
