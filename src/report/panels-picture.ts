/** A cadence's panels as one picture, ON and OFF marked. */

import { NOMINAL_AXES } from "../formats/npy-spectrogram.ts";
import { renderCadence } from "../pictures/cadence-picture.ts";
import type { Picture } from "../pictures/picture.ts";
import type { PictureOptions } from "../pictures/spectrogram-picture.ts";
import type { Cadence } from "../signal/cadence.ts";
import { COMPETITION_SHAPE, type Panels } from "../signal/panels.ts";
import type { Spectrogram } from "../signal/spectrogram.ts";

/** ON and OFF in turn, as in ABACAD; files of cadences have no axes, so they are nominal. Columns are shown by their own median and deviation, which brings out what moves, unless a scale is given. */
export function panelsPicture(panels: Panels, options: PictureOptions = {}): Picture {
  const { data, rows, channels } = panels;
  const length = rows * channels;
  const scans = Array.from({ length: panels.panels }, (_, i): Cadence<Spectrogram>["scans"][number] => ({
    role: i % 2 === 0 ? "ON" : "OFF",
    pointing: letterOf(i),
    source: {
      data: data.subarray(i * length, (i + 1) * length),
      time: { tstartMjd: 0, tsampS: NOMINAL_AXES.tsampS, nsamples: rows },
      frequency: { fch1MHz: NOMINAL_AXES.fch1MHz, foffMHz: NOMINAL_AXES.foffMHz, nchans: channels },
      header: { source_name: `panel ${i + 1}` },
      source: "",
    },
  }));
  const pattern = scans.map(({ pointing }) => pointing).join("");
  const lines = [
    `${panels.panels} panels of ${rows} rows x ${channels} channels, on the axes of Green Bank's fine product`,
  ];
  return renderCadence({ pattern, scans }, { scale: "column", lines, ...options });
}

function letterOf(panel: number): string {
  return COMPETITION_SHAPE.pattern[panel] ?? (panel % 2 === 0 ? "A" : "B");
}
