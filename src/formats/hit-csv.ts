/**
 * Hit tables as CSV: comment lines `# program:`, `# version:` and `# parameters:` (one JSON object), then a line of column names and
 * one line a hit. Cells are quoted as RFC 4180 says; lines end in LF.
 */

import { FileError } from "../signal/errors.ts";
import type { SearchParameters, SearchRecord } from "../signal/search-record.ts";
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
  for (const row of hitRows(record)) lines.push(HIT_COLUMNS.map(({ name }) => cell(row[name])).join(","));
  return `${lines.join("\n")}\n`;
}

function cell(value: string | number | null): string {
  if (value === null || (typeof value === "number" && !Number.isFinite(value))) return "";
  const text = String(value);
  return /[",\r\n#]|^$|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Reads what `encodeHitCsv` writes; columns may stand in any order, others are ignored. Throws a FileError that gives the line. */
export function parseHitCsv(text: string, name: string): HitTable {
  const records = readRecords(text, name);
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
  const rows = records.map(({ cells, line }) => {
    if (cells.length !== header.cells.length) {
      throw new FileError(
        name,
        `line ${line} has ${cells.length} cells, but there are ${header.cells.length} columns. Was it cut short or edited?`,
      );
    }
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

interface CsvRecord {
  /** Undefined for a cell that is empty and not quoted. */
  readonly cells: ({ readonly text: string } | undefined)[];
  /** Of the file, from 1. */
  readonly line: number;
}

const CELL = /"([^"]*(?:""[^"]*)*)"(?=[,\r\n]|$)|([^",\r\n]*)/y;

function readRecords(text: string, name: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    if (text[at] === "#" && records.length === 0) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end + 1;
      line++;
      continue;
    }
    const cells: CsvRecord["cells"] = [];
    const start = line;
    for (;;) {
      CELL.lastIndex = at;
      const [whole, quoted, plain] = CELL.exec(text)!;
      at += whole.length;
      line += quoted === undefined ? 0 : quoted.split("\n").length - 1;
      if (quoted !== undefined) cells.push({ text: quoted.replaceAll('""', '"') });
      else cells.push(plain ? { text: plain } : undefined);
      if (text[at] !== ",") break;
      at++;
    }
    const end = /\r?\n|$/y;
    end.lastIndex = at;
    const ending = end.exec(text);
    if (ending === null) {
      throw new FileError(
        name,
        `line ${line}: a quotation mark stands where none can. Was the file edited or cut short?`,
      );
    }
    at += ending[0].length;
    line++;
    if (cells.length > 1 || cells[0] !== undefined) records.push({ cells, line: start });
  }
  return records;
}
