import { UsageError } from "../signal/errors.ts";

/** Memory for the power of a range. Throws a UsageError where it is more than an array, or this machine, can hold. */
export function powerArray(name: string, rows: number, channels: number): Float32Array {
  try {
    return new Float32Array(rows * channels);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const gigabytes = ((rows * channels * 4) / 1e9).toFixed(1);
    throw new UsageError(
      `${name}: ${rows} rows of ${channels} channels take ${gigabytes} GB of memory, more than there is in one piece. Read a part at a time.`,
      { cause },
    );
  }
}
