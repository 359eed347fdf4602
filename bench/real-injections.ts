/**
 * How a detector does on needles put into real recordings, by kind and strength, and how often it takes what is in them for one.
 *
 *   node bench/real-injections.ts --data FOLDER [--model MODEL.onnx] [--windows 2000] [--seed 1] [--snr 20,44] [--rate 0.01] [--json]
 *
 * FOLDER holds recordings, .fil or .h5; the model is the detector in the box unless given. Windows, cadences of the detector's shape, are cut out of the recordings in turn:
 * of long recordings, six stretches of time one after another at the same channels, with gaps between them; of short ones, the whole of
 * the time at other channels for each panel, brought to the detector's rows as `detect` does it. Every other window has a needle in its ON panels, as
 * the simulator draws them (`drawNeedle`, its S/N evenly from --snr, by matched filter in the noise near the path). One more in ten has a line that was itself
 * recorded, taken out of those recordings that are narrower than a window and scaled to its S/N: Voyager 1's carrier, say.
 *
 * What this can't tell:
 * - No recording is a cadence. ON and OFF panels saw the same sky, so interference of one antenna's direction alone, and what differs between
 *   pointings, is not in it; minutes between scans are milliseconds or other channels here.
 * - Windows of one recording overlap. The intervals are those of the windows drawn; on other recordings figures may lie far outside of them.
 * - Pixels are taken as the competition's, whatever their size in Hz and s: 4 MHz x 0.5 ms of a pulsar's recording are no fine product's.
 * - A short recording's rows are cut into more by drawn noise, whose share grows with the number of rows made of one.
 */

import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { startProgress } from "../src/cli/progress.ts";
import { DEFAULT_THRESHOLD } from "../src/detect/detect.ts";
import { openDetector } from "../src/detect/detector.node.ts";
import { createWindowScorer } from "../src/detect/score-windows.ts";
import { type NeedleRequest, recordedCadence } from "../src/detect/testing/recorded-cadences.ts";
import { takeLine } from "../src/detect/testing/recorded-lines.ts";
import { holdsCadences, type Recording } from "../src/detect/testing/recorded-pieces.ts";
import { openSpectrograms } from "../src/formats/open.node.ts";
import { shippedDetector } from "../src/learn/shipped-detector.node.ts";
import { describeMeasured, measureWindows, type ScoredWindow } from "./real-injections-measure.ts";

const { values: options } = parseArgs({
  options: {
    data: { type: "string" },
    model: { type: "string", default: shippedDetector.model },
    windows: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    snr: { type: "string", default: "20,44" },
    rate: { type: "string", default: "0.01" },
    json: { type: "boolean", default: false },
  },
});
if (options.data === undefined) throw new Error("Say where the recordings are: --data FOLDER.");
const count = Number(options.windows);
const seed = Number(options.seed);
const rate = Number(options.rate);
const [lowDb = Number.NaN, highDb = Number.NaN] = options.snr.split(",").map(Number);
if (!(count >= 4 && Number.isInteger(seed) && rate > 0 && lowDb <= highDb)) {
  throw new Error("Give --windows of 4 or more, a whole --seed, a --rate above 0 and --snr LOWEST,HIGHEST.");
}

const detector = await openDetector(options.model, { threads: 1 });
const { shape } = detector;
const all = await readRecordings(options.data);
const recordings = all.filter((recording) => holdsCadences(recording, shape));
const lines = all.filter(({ channels }) => channels < shape.channels).map(takeLine);
if (recordings.length === 0) {
  throw new Error(
    `${options.data}: no recording is wide and long enough for a cadence of ${shape.panels} panels.`,
  );
}

const extra = lines.length > 0 ? Math.ceil(count / 10) : 0;
const scorer = createWindowScorer(detector);
const progress = startProgress("Scoring", count + extra);
const windows: ScoredWindow[] = [];
for (let index = 0; index < count + extra; index++) {
  windows.push(await scoreWindow(index));
  progress.update(index + 1, `${index + 1} of ${count + extra} windows`);
}
progress.finish();
await detector.close();

const thresholds = [0.5, DEFAULT_THRESHOLD, 0.99];
const record = {
  model: detector.name,
  seed,
  windows: count,
  snrDb: [lowDb, highDb],
  recordings: recordings.map(({ name, rows, channels }) => ({ name, rows, channels })),
  lines: lines.map(({ name }) => name),
  ...measureWindows(windows, { rate, thresholds, seed }),
};
process.stdout.write(
  options.json
    ? `${JSON.stringify(record)}\n`
    : `${[
        `${count} windows of ${recordings.map(({ name }) => name).join(", ")}, half of them with a drawn needle of ${lowDb} to ${highDb} dB; ${extra} more with a line of ${lines.map(({ name }) => name).join(", ") || "none"}. The detector is ${detector.name}.`,
        ...describeMeasured(record),
      ].join("\n")}\n`,
);

async function readRecordings(folder: string): Promise<Recording[]> {
  const names = (await readdir(folder)).filter((name) => /\.(fil|h5)$/i.test(name)).sort();
  const found: Recording[] = [];
  for (const name of names) {
    for (const source of await openSpectrograms(join(folder, name))) {
      const { data } = await source.read();
      await source.close();
      found.push({
        name: basename(name),
        data,
        rows: source.time.nsamples,
        channels: source.frequency.nchans,
      });
    }
  }
  return found;
}

async function scoreWindow(index: number): Promise<ScoredWindow> {
  // Two windows of a recording, one without and one with a needle, then the next recording.
  const recording = recordings[(index >> 1) % recordings.length]!;
  const request: NeedleRequest = { snrDb: [lowDb, highDb], ...(index >= count && { lines }) };
  const wanted = index >= count || index % 2 === 1 ? request : undefined;
  const { panels, needle } = await recordedCadence(recording, shape, { seed, index }, wanted);
  const [score] = await scorer.score(panels, [0]);
  if (Number.isNaN(score)) throw new Error(`${detector.name} gives no number for window ${index}.`);
  const { drawn, snrDb = Number.NaN } = needle ?? {};
  return {
    recording: recording.name,
    score: score!,
    ...(needle && {
      needle: {
        snrDb,
        path: drawn?.signal.path.shape ?? "recorded",
        time: drawn?.signal.timeProfile.shape ?? "recorded",
        profile: drawn?.signal.profile.shape ?? "recorded",
        scans: drawn?.scanGains.filter((gain) => gain > 0).length ?? shape.panels / 2,
        recorded: !drawn,
      },
    }),
  };
}
