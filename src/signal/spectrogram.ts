/**
 * A spectrogram: power over time and frequency, with its axes. Channels are kept in the file's order, so frequency
 * falls with the channel number where `foffMHz` is negative.
 */

/** The centre of channel `i` lies at `fch1MHz + i * foffMHz`. `foffMHz` has either sign, never 0. */
export interface FrequencyAxis {
  readonly fch1MHz: number;
  readonly foffMHz: number;
  readonly nchans: number;
}

/** Row `i` begins `i * tsampS` seconds after `tstartMjd` (a modified Julian date, UTC; 0 where it isn't known). */
export interface TimeAxis {
  readonly tstartMjd: number;
  readonly tsampS: number;
  readonly nsamples: number;
}

/** What a header says beside the axes, under SIGPROC's keywords. A field that the file lacks is absent. */
export interface ObservationHeader {
  readonly source_name?: string;
  readonly rawdatafile?: string;
  readonly telescope_id?: number;
  readonly machine_id?: number;
  readonly data_type?: number;
  readonly barycentric?: number;
  readonly pulsarcentric?: number;
  /** Degrees. */
  readonly az_start?: number;
  /** Degrees. */
  readonly za_start?: number;
  /** Hours, decimal. */
  readonly src_raj?: number;
  /** Degrees, decimal. */
  readonly src_dej?: number;
  readonly nbits?: number;
  readonly nbeams?: number;
  readonly ibeam?: number;
  readonly refdm?: number;
  readonly period?: number;
  readonly [keyword: string]: string | number | undefined;
}

export interface Spectrogram {
  /** Power, rows of time by channels: `data[row * frequency.nchans + channel]`. */
  readonly data: Float32Array;
  readonly time: TimeAxis;
  readonly frequency: FrequencyAxis;
  readonly header: ObservationHeader;
  /** The file or generator that it came from, as a person would name it. */
  readonly source: string;
}

/** Half-open ranges of rows and channels, and one IF (polarisation) of `nifs`. What is left out means all of it, IF 0. */
export interface SpectrogramRange {
  readonly rowStart?: number;
  readonly rowStop?: number;
  readonly channelStart?: number;
  readonly channelStop?: number;
  readonly ifIndex?: number;
}

/** Something that spectrograms are cut from: an open file, an array in memory. */
export interface SpectrogramSource {
  readonly name: string;
  readonly time: TimeAxis;
  readonly frequency: FrequencyAxis;
  readonly header: ObservationHeader;
  readonly nifs: number;
  /** Channels that are stored together, where reading some of them takes as long as reading all: packed in one chunk. */
  readonly blockChannels?: number;
  /**
   * Reads one range without loading the rest. `into`, if given, takes the power (rows x channels, exactly that long; it may
   * lie in shared memory) and becomes the `data` of the result.
   */
  read(range?: SpectrogramRange, into?: Float32Array): Promise<Spectrogram>;
  close(): Promise<void>;
}

export function channelFrequencyMHz(axis: FrequencyAxis, channel: number): number {
  return axis.fch1MHz + channel * axis.foffMHz;
}

/** The channel, with its fraction, whose centre lies at a frequency. */
export function frequencyChannel(axis: FrequencyAxis, frequencyMHz: number): number {
  return (frequencyMHz - axis.fch1MHz) / axis.foffMHz;
}

/** Lowest and highest frequency, at the outer edges of the outer channels, MHz. */
export function bandEdgesMHz(axis: FrequencyAxis): { low: number; high: number } {
  const first = channelFrequencyMHz(axis, -0.5);
  const last = channelFrequencyMHz(axis, axis.nchans - 0.5);
  return { low: Math.min(first, last), high: Math.max(first, last) };
}

export const SECONDS_PER_DAY = 86_400;

/** The time axis of rows `start` to `stop` of another. */
export function sliceTime(axis: TimeAxis, start: number, stop: number): TimeAxis {
  return {
    tstartMjd: axis.tstartMjd === 0 ? 0 : axis.tstartMjd + (start * axis.tsampS) / SECONDS_PER_DAY,
    tsampS: axis.tsampS,
    nsamples: stop - start,
  };
}

/** The frequency axis of channels `start` to `stop` of another. */
export function sliceFrequency(axis: FrequencyAxis, start: number, stop: number): FrequencyAxis {
  return { fch1MHz: channelFrequencyMHz(axis, start), foffMHz: axis.foffMHz, nchans: stop - start };
}
