/** The entry `lodestone/browser`: all that runs in a browser too. The entry `lodestone` adds to it what needs Node. */

export { type Cadence, cadenceRoles, makeCadence, type Scan, type ScanRole } from "./signal/cadence.ts";
export { type CoarseChannels, coarseChannels } from "./signal/coarse-channels.ts";
export { FileError, InputError, UsageError } from "./signal/errors.ts";
export type { CadenceEvent, EventLevel, Hit, RejectedHit } from "./signal/hit.ts";
export { memorySource } from "./signal/memory-source.ts";
export {
  type Normalisation,
  normaliseByMax,
  removeBandpass,
  toDecibels,
  zScoreColumns,
  zScorePanel,
} from "./signal/normalise.ts";
export { channelsBetween, type ResolvedRange, resolveRange } from "./signal/range.ts";
export {
  type ClippedStatistics,
  clippedStatistics,
  median,
  medianAbsoluteDeviation,
  quantile,
  quantiles,
  robustDeviation,
} from "./signal/robust.ts";
export type { ProgramVersion, ScanRecord, SearchParameters, SearchRecord } from "./signal/search-record.ts";
export {
  bandEdgesMHz,
  channelFrequencyMHz,
  type FrequencyAxis,
  frequencyChannel,
  type ObservationHeader,
  type Spectrogram,
  type SpectrogramRange,
  type SpectrogramSource,
  sliceFrequency,
  sliceTime,
  type TimeAxis,
} from "./signal/spectrogram.ts";
