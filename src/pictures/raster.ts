/** Power to pixels. */

import { frequencyChannel, type Spectrogram } from "../signal/spectrogram.ts";
import type { ColourMap } from "./colour-maps.ts";
import { type Raster, style } from "./picture.ts";

export interface RasterPlace {
  /** Device pixels on the page. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The frequencies of the left and the right edge. */
  readonly lowMHz: number;
  readonly highMHz: number;
}

/**
 * Paints `values` (rows x channels of `panel`'s axes), earliest row on top and frequency rising to the right, each pixel with the
 * value nearest to its centre. Pixels out of the band or without a value (NaN) are grey.
 */
export function paintRaster(
  panel: Pick<Spectrogram, "time" | "frequency">,
  values: Float32Array,
  place: RasterPlace,
  colours: ColourMap,
  limits: { readonly low: number; readonly high: number },
): Raster {
  const { x, y, width, height } = place;
  const { nchans } = panel.frequency;
  const channelOf = Int32Array.from({ length: width }, (_, px) => {
    const frequencyMHz = place.lowMHz + ((px + 0.5) / width) * (place.highMHz - place.lowMHz);
    const channel = Math.round(frequencyChannel(panel.frequency, frequencyMHz));
    return channel >= 0 && channel < nchans ? channel : -1;
  });
  const rgb = new Uint8Array(width * height * 3);
  const perLevel = 256 / (limits.high - limits.low);
  for (let py = 0; py < height; py++) {
    const row = Math.floor(((py + 0.5) / height) * panel.time.nsamples);
    for (let px = 0; px < width; px++) {
      const channel = channelOf[px]!;
      const value = channel < 0 ? Number.NaN : values[row * nchans + channel]!;
      const at = 3 * (py * width + px);
      if (Number.isNaN(value)) {
        rgb.set(style.missing, at);
        continue;
      }
      const level = Math.min(255, Math.max(0, Math.floor((value - limits.low) * perLevel)));
      rgb[at] = colours[3 * level]!;
      rgb[at + 1] = colours[3 * level + 1]!;
      rgb[at + 2] = colours[3 * level + 2]!;
    }
  }
  return { x, y, width, height, rgb };
}

/** A bar of all colours, the highest on top. */
export function paintColourBar(
  place: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  colours: ColourMap,
): Raster {
  const { width, height } = place;
  const rgb = new Uint8Array(width * height * 3);
  for (let py = 0; py < height; py++) {
    const level = 255 - Math.floor(((py + 0.5) / height) * 256);
    for (let px = 0; px < width; px++)
      rgb.set(colours.subarray(3 * level, 3 * level + 3), 3 * (py * width + px));
  }
  return { ...place, rgb };
}
