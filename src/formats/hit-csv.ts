/**
 * Hit tables as CSV: comment lines `# program:`, `# version:` and `# parameters:` (one JSON object), then a line of column names and
 * one line a hit. Cells are quoted as RFC 4180 says; lines end in LF.
 */

import { FileError } from "../signal/errors.ts";
import type { SearchParameters, SearchRecord } from "../signal/search-record.ts";
import { checkCellCount, encodeCsvCell, readCsvRecords } from "./csv.ts";
import { checkRow, HIT_COLUMNS, type HitTable, hitRows } from "./hit-rows.ts";

/** The hits of a search as text. Numbers are written in full; an uncertainty that isn't finite is an empty cell. */
export function encodeHitCsv(record: SearchRecord): string {
  const { program, parameters } = record;
  const lines = [
    `# program: ${program.name}`,
    `# version: ${program.version}`,
    `# parameters: ${JSON.stringify(parameters)}`,
  ];
  lines.push(HIT_COLUMNS.map(({ name }) => name).join(","));
  for (const row of hitRows(record))
    lines.push(HIT_COLUMNS.map(({ name }) => encodeCsvCell(row[name])).join(","));
  return `${lines.join("\n")}\n`;
}

/** Reads what `encodeHitCsv` writes; columns may stand in any order, others are ignored. Throws a FileError that gives the line. */
export function parseHitCsv(text: string, name: string): HitTable {
  const records = readCsvRecords(text, name);
  const header = records.shift();
  if (header === undefined) {
    throw new FileError(name, "it holds no line of column names, so it is no hit table. Was it cut short?");
  }
  const missing = HIT_COLUMNS.filter((column) => !header.cells.some((c) => c?.text === column.name));
  if (missing.length > 0) {
    const names = missing.map((column) => column.name).join(", ");
    throw new FileError(
      name,
      `line ${header.line} names no column ${names}. A hit table of this program has them all.`,
    );
  }
  const rows = records.map((record) => {
    const { cells, line } = record;
    checkCellCount(name, record, header);
    const byName: Record<string, unknown> = {};
    for (const { name: column, kind } of HIT_COLUMNS) {
      const value = cells[header.cells.findIndex((c) => c?.text === column)];
      byName[column] = value === undefined ? null : kind === "text" ? value.text : readNumber(value.text);
    }
    return checkRow(name, `line ${line}`, byName);
  });
  return { ...readComments(text, name), rows };
}

function readNumber(text: string): number | string {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

function readComments(text: string, name: string): Pick<HitTable, "program" | "parameters"> {
  const found = new Map<string, string>();
  for (const line of text.split("\n")) {
    const parts = /^# (program|version|parameters): (.*?)\r?$/.exec(line);
    if (!line.startsWith("#")) break;
    if (parts) found.set(parts[1]!, parts[2]!);
  }
  const program = { name: found.get("program") ?? "", version: found.get("version") ?? "" };
  try {
    return { program, parameters: JSON.parse(found.get("parameters") ?? "{}") as SearchParameters };
  } catch (cause) {
    throw new FileError(name, "the comment line of parameters is not JSON. Was the file edited?", { cause });
  }
}
