/** The pictures of a report: each event over the whole cadence, and the whole band. */

import { renderCadence } from "../pictures/cadence-picture.ts";
import type { PathOverlay } from "../pictures/overlay.ts";
import type { Picture } from "../pictures/picture.ts";
import { reduceSource } from "../pictures/reduce.ts";
import { eventPaths } from "../search/event-paths.ts";
import type { Cadence } from "../signal/cadence.ts";
import { describeHz } from "../signal/describe.ts";
import type { CadenceEvent } from "../signal/hit.ts";
import { channelsBetween } from "../signal/range.ts";
import type { DetectorCandidate, SearchRecord } from "../signal/search-record.ts";
import { bandEdgesMHz, type Spectrogram, type SpectrogramSource } from "../signal/spectrogram.ts";
import { scoreText } from "./candidate-values.ts";
import { driftText, frequencyText, snrText } from "./values.ts";

const WIDTH = 1100;
const PIXEL_RATIO = 2;
const LEAST_CHANNELS = 120;

/**
 * An event's surroundings in every scan: its hits' paths between dashed lines, and arrow heads where the path would begin and end
 * in the scans that don't have it. `rank` counts from 1. The cadence has the record's scans.
 */
export async function eventPicture(
  cadence: Cadence<SpectrogramSource>,
  record: SearchRecord,
  event: CadenceEvent,
  rank: number,
): Promise<Picture> {
  const paths = eventPaths(event, record.scans);
  const channelMHz = Math.abs(record.scans[event.hits[0]!.scan]!.frequency.foffMHz);
  const widthMHz =
    Math.max(...event.hits.map(({ bandwidthHz, widthHz }) => Math.max(bandwidthHz, widthHz))) * 1e-6;
  const ends = paths.flatMap(({ fromMHz, toMHz }) => [fromMHz, toMHz]);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = Math.max(0.25 * (high - low), 0.5 * LEAST_CHANNELS * channelMHz, 3 * widthMHz);
  const cut = await cutScans(cadence, low - margin, high + margin);
  const overlays = cut.kept.map((scan, panel): PathOverlay => {
    const { hit, ...path } = paths[scan]!;
    return { ...path, panel, style: hit ? "beside" : "ends", label: hit && `S/N ${snrText(hit.snr)}` };
  });
  return renderCadence(cut.cadence, {
    width: WIDTH,
    panelHeight: panelHeight(cut.kept.length),
    pixelRatio: PIXEL_RATIO,
    scale: "percentile",
    title: `Event ${rank}: ${frequencyText(event.frequencyMHz)} MHz, ${driftText(event.driftHzPerS)} Hz/s, S/N ${snrText(event.snr)}`,
    lines: [
      `${describeHz((high - low + 2 * margin) * 1e6, 3)} wide. Dashed: the path of a hit. Arrow heads: where it would be in a scan that has none.`,
    ],
    overlays,
  });
}

/** A detector's candidate in every scan: its window of the highest score, between arrow heads, and a quarter of it on either side. */
export async function candidatePicture(
  cadence: Cadence<SpectrogramSource>,
  { best: { lowMHz, highMHz }, score }: DetectorCandidate,
  rank: number,
): Promise<Picture> {
  const widthMHz = highMHz - lowMHz;
  const cut = await cutScans(cadence, lowMHz - 0.25 * widthMHz, highMHz + 0.25 * widthMHz);
  const overlays = cut.kept.flatMap((scan, panel): PathOverlay[] => {
    const { nsamples, tsampS } = cadence.scans[scan]!.source.time;
    const times = { fromS: 0, toS: nsamples * tsampS };
    return [lowMHz, highMHz].map((f) => ({ ...times, fromMHz: f, toMHz: f, panel, style: "ends" as const }));
  });
  return renderCadence(cut.cadence, {
    width: WIDTH,
    panelHeight: panelHeight(cut.kept.length),
    pixelRatio: PIXEL_RATIO,
    scale: "percentile",
    title: `Candidate ${rank}: ${frequencyText(lowMHz)} to ${frequencyText(highMHz)} MHz, score ${scoreText(score)}`,
    lines: [`${describeHz(1.5e6 * widthMHz, 3)} wide. Between the arrow heads: the detector's window.`],
    overlays,
  });
}

/** The whole band of every scan, with the events' numbers at their paths. */
export async function bandPicture(
  cadence: Cadence<SpectrogramSource>,
  record: SearchRecord,
): Promise<Picture> {
  const edges = cadence.scans.map(({ source }) => bandEdgesMHz(source.frequency));
  const low = Math.min(...edges.map((edge) => edge.low));
  const high = Math.max(...edges.map((edge) => edge.high));
  const { cadence: whole } = await cutScans(cadence, low, high);
  const overlays = record.events.slice(0, MOST_LABELS).flatMap((event, i) =>
    eventPaths(event, record.scans).flatMap(({ hit, ...path }, panel): PathOverlay[] => {
      return hit ? [{ ...path, panel, style: "ends", label: String(i + 1) }] : [];
    }),
  );
  return renderCadence(whole, {
    width: WIDTH,
    panelHeight: panelHeight(cadence.scans.length),
    pixelRatio: PIXEL_RATIO,
    title: "The whole band",
    scale: "percentile",
    lines: ["Events by their numbers, at the scans in which they were found."],
    overlays,
  });
}

const MOST_LABELS = 20;

function panelHeight(scans: number): number {
  return Math.min(140, Math.max(64, Math.floor(660 / scans)));
}

/** The scans between two frequencies, small enough for a picture; scans that have nothing there are left out. */
async function cutScans(
  { pattern, scans }: Cadence<SpectrogramSource>,
  lowMHz: number,
  highMHz: number,
): Promise<{ cadence: Cadence<Spectrogram>; kept: number[] }> {
  const size = { rows: panelHeight(scans.length) * PIXEL_RATIO, columns: WIDTH * PIXEL_RATIO };
  const kept: number[] = [];
  const cuts: Cadence<Spectrogram>["scans"][number][] = [];
  for (const [i, { role, pointing, source }] of scans.entries()) {
    const band = bandEdgesMHz(source.frequency);
    const inset = 0.5 * Math.abs(source.frequency.foffMHz);
    const [start, stop] = [Math.max(lowMHz, band.low + inset), Math.min(highMHz, band.high - inset)];
    if (start > stop) continue;
    const range = channelsBetween(source.name, source.frequency, start, stop);
    kept.push(i);
    cuts.push({ role, pointing, source: await reduceSource(source, range, size) });
  }
  return { cadence: { pattern, scans: cuts }, kept };
}
