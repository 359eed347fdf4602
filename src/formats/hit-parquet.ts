/** Hit tables as Parquet: the columns of hit-rows.ts, with the program, version and parameters as JSON in the key-value metadata. */

import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { FileError } from "../signal/errors.ts";
import type { SearchParameters, SearchRecord } from "../signal/search-record.ts";
import type { ByteSource } from "./byte-source.ts";
import { checkRow, HIT_COLUMNS, type HitTable, hitRows } from "./hit-rows.ts";

const TYPES = { text: "STRING", whole: "INT32", real: "DOUBLE" } as const;

/** The hits of a search as the bytes of a file. */
export function encodeHitParquet(record: SearchRecord): Uint8Array {
  const rows = hitRows(record);
  const { program, parameters } = record;
  const columnData = HIT_COLUMNS.map(({ name, kind, optional }) => ({
    name,
    type: TYPES[kind],
    nullable: optional,
    data: rows.map((row) => (kind === "real" && !Number.isFinite(row[name]) && optional ? null : row[name])),
  }));
  const buffer = parquetWriteBuffer({
    columnData,
    createdBy: `${program.name} version ${program.version}`,
    kvMetadata: [
      { key: "program", value: program.name },
      { key: "version", value: program.version },
      { key: "parameters", value: JSON.stringify(parameters) },
    ],
  });
  return new Uint8Array(buffer);
}

/** Reads what `encodeHitParquet` writes. Throws a FileError where it is no such table. */
export async function readHitParquet(source: ByteSource): Promise<HitTable> {
  const file = asyncBuffer(source);
  const metadata = await parquetMetadataAsync(file).catch((cause: unknown) => {
    throw new FileError(
      source.name,
      "it is no Parquet file, or is cut short. Give a hit table that ends in .parquet.",
      {
        cause,
      },
    );
  });
  const present = new Set(metadata.schema.map(({ name }) => name));
  const missing = HIT_COLUMNS.filter(({ name }) => !present.has(name)).map(({ name }) => name);
  if (missing.length > 0) {
    throw new FileError(
      source.name,
      `it has no column ${missing.join(", ")}. A hit table of this program has them all.`,
    );
  }
  const value = (key: string) => metadata.key_value_metadata?.find((entry) => entry.key === key)?.value;
  const columns = HIT_COLUMNS.map(({ name }) => name);
  const rows = await parquetReadObjects({ file, metadata, columns }).catch((cause: unknown) => {
    throw new FileError(source.name, "its rows can't be read: it is cut short or damaged. Write it again.", {
      cause,
    });
  });
  return {
    program: { name: value("program") ?? "", version: value("version") ?? "" },
    parameters: readParameters(source.name, value("parameters")),
    rows: rows.map((row, i) => checkRow(source.name, `row ${i + 1}`, row)),
  };
}

function readParameters(file: string, json: string | undefined): SearchParameters {
  try {
    return JSON.parse(json ?? "{}") as SearchParameters;
  } catch (cause) {
    throw new FileError(file, "the parameters in its metadata are not JSON. Write it again.", { cause });
  }
}

function asyncBuffer(source: ByteSource): AsyncBuffer {
  return {
    byteLength: source.size,
    async slice(start, end = source.size) {
      const from = start < 0 ? Math.max(0, source.size + start) : Math.min(start, source.size);
      const to = Math.max(from, Math.min(end < 0 ? source.size + end : end, source.size));
      return new Uint8Array(await source.read(from, to - from)).buffer as ArrayBuffer;
    },
  };
}
