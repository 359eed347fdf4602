/** SIGPROC filterbank files, `.fil`: any rows, channels and IF without loading the rest. */

import { FileError } from "../signal/errors.ts";
import { resolveRange } from "../signal/range.ts";
import { type SpectrogramSource, sliceFrequency, sliceTime } from "../signal/spectrogram.ts";
import { type ByteSource, takeOver } from "./byte-source.ts";
import { powerArray } from "./power-array.ts";
import { bytesOf, sampleDecoder } from "./sample-bits.ts";
import { readSigprocHeader, type SigprocHeader } from "./sigproc-header.ts";
import { readRuns } from "./strided-read.ts";

/**
 * Opens a filterbank file of 1, 2, 4, 8, 16 or 32 bits a sample. Rows lie in time, then IF, then channel. The number of rows
 * follows from the file's size, whatever the header says of it. Throws a FileError for a file that isn't whole, unless
 * `allowTruncated`: then its whole rows are read. Takes over `bytes`, which `close` closes, as does an error here.
 */
export async function openSigproc(
  bytes: ByteSource,
  options: { allowTruncated?: boolean } = {},
): Promise<SpectrogramSource> {
  return takeOver(bytes, () => openHeader(bytes, options.allowTruncated ?? false));
}

async function openHeader(bytes: ByteSource, allowTruncated: boolean): Promise<SpectrogramSource> {
  const info = await readSigprocHeader(bytes);
  const { nchans, nifs, nbits } = info;
  const nsamples = countRows(bytes, info, allowTruncated);
  const decode = sampleDecoder(nbits, info.signed);

  const opened: SpectrogramSource = {
    name: bytes.name,
    time: { tstartMjd: info.tstartMjd, tsampS: info.tsampS, nsamples },
    frequency: { fch1MHz: info.fch1MHz, foffMHz: info.foffMHz, nchans },
    header: info.header,
    nifs,
    async read(range, into) {
      const { rowStart, rowStop, channelStart, channelStop, ifIndex } = resolveRange(opened, range);
      const width = channelStop - channelStart;
      const rows = rowStop - rowStart;
      const data = into ?? powerArray(bytes.name, rows, width);
      await readRuns(
        bytes,
        {
          firstByte: info.dataByte,
          elementBits: nbits,
          firstElement: (rowStart * nifs + ifIndex) * nchans + channelStart,
          runLength: width,
          stride: nifs * nchans,
          runs: rows,
        },
        {
          take: (block, at, to, count) => decode(block, at, data, to, count),
          direct: nbits === 32 ? (to, count) => bytesOf(data, to, count) : undefined,
        },
      );
      return {
        data,
        time: sliceTime(opened.time, rowStart, rowStop),
        frequency: sliceFrequency(opened.frequency, channelStart, channelStop),
        header: info.header,
        source: bytes.name,
      };
    },
    close: () => bytes.close(),
  };
  return opened;
}

function countRows(bytes: ByteSource, info: SigprocHeader, allowTruncated: boolean): number {
  const { nchans, nifs, nbits, dataByte } = info;
  const rowBits = nchans * nifs * nbits;
  const dataBytes = bytes.size - dataByte;
  const whole = Math.floor((dataBytes * 8) / rowBits);
  const what = `${count(nchans)} channels${nifs > 1 ? ` and ${nifs} IFs` : ""} of ${nbits} bits`;
  if (whole === 0) {
    throw new FileError(
      bytes.name,
      `header says ${what}, so ${count(Math.ceil(rowBits / 8))} bytes a row; the file holds ${count(dataBytes)} bytes of data, ` +
        "not one row. It was cut short, or the header is wrong.",
    );
  }
  if (dataBytes === Math.ceil((whole * rowBits) / 8) || allowTruncated) return whole;
  const expected = Math.max(info.nsamples, whole + 1);
  const wanted = Math.ceil((expected * rowBits) / 8);
  const rows = info.nsamples > whole ? `${count(expected)} rows` : "a last row";
  throw new FileError(
    bytes.name,
    `header says ${rows} of ${what}, so ${count(wanted)} bytes of data; the file holds ${count(dataBytes)}. It was cut short; ` +
      `pass --allow-truncated to read the ${count(whole)} whole rows.`,
  );
}

const count = (n: number): string => n.toLocaleString("en");
