/** The two views of a sample: its values as they are, and with what is the same along channels and rows taken out. */

import type { Picture } from "../../pictures/picture.ts";
import { zScoreColumns } from "../../signal/normalise.ts";
import type { Panels } from "../../signal/panels.ts";
import { median, robustDeviation } from "../../signal/robust.ts";
import { panelsPicture } from "../panels-picture.ts";
import type { Sample } from "./data-record.ts";

const LOOK = { width: 640, panelHeight: 91, scale: "percentile" } as const;

export function samplePictures(panels: Panels, { id, target }: Sample): { plain: Picture; flat: Picture } {
  const about = target === null ? "without a label" : `target ${target}`;
  return {
    plain: panelsPicture(panels, { ...LOOK, title: id, lines: [about] }),
    flat: panelsPicture(flattenPanels(panels), {
      ...LOOK,
      title: id,
      lines: [`${about}  ·  each channel, then each row, by its own median and deviation`],
    }),
  };
}

/**
 * Each channel of a panel, and then each row, brought to median 0 and robust deviation 1: steady carriers, the bandpass, jumps of the gain and bright
 * rows fade, what moves or blinks stays.
 */
export function flattenPanels(panels: Panels): Panels {
  const { rows, channels } = panels;
  const length = rows * channels;
  const data = new Float32Array(panels.data.length);
  for (let panel = 0; panel < panels.panels; panel++) {
    const own = panels.data.subarray(panel * length, (panel + 1) * length);
    data.set(zScoreColumns(own, rows, channels), panel * length);
  }
  for (let start = 0; start < data.length; start += channels) {
    const row = data.subarray(start, start + channels);
    const centre = median(row);
    const deviation = robustDeviation(row, centre) || 1;
    for (let i = 0; i < channels; i++) row[i] = (row[i]! - centre) / deviation;
  }
  return { ...panels, data };
}
