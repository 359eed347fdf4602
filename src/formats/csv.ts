/** Comma-separated tables. Cells are quoted as RFC 4180 says; lines end in LF, and CR LF is read too. */

import { FileError } from "../signal/errors.ts";

export type CsvValue = string | number | null;

/** A table of texts: a line of column names, then rows that are all as long as it. */
export interface CsvTable {
  readonly name: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The line of the file on which each row begins, from 1. */
  readonly lines: readonly number[];
}

export interface CsvRecord {
  /** Undefined for a cell that is empty and not quoted. */
  readonly cells: ({ readonly text: string } | undefined)[];
  /** Of the file, from 1. */
  readonly line: number;
}

/**
 * Reads a table whose first line names its columns. Empty lines are passed over; an empty cell is "". Throws a FileError that names the line
 * where a row is longer or shorter than the header, or a quotation mark stands where none can.
 */
export function parseCsv(text: string, name: string): CsvTable {
  const records = readCsvRecords(text, name);
  const header = records.shift();
  if (header === undefined) {
    throw new FileError(name, "it holds no line of column names. Was it cut short?");
  }
  const rows = records.map((record) => {
    checkCellCount(name, record, header);
    return record.cells.map((cell) => cell?.text ?? "");
  });
  return {
    name,
    header: header.cells.map((cell) => cell?.text.trim() ?? ""),
    rows,
    lines: records.map(({ line }) => line),
  };
}

/** The place of each column in a table's rows. Throws a FileError that names what is missing and what there is. */
export function csvColumns<Name extends string>(
  table: CsvTable,
  names: readonly Name[],
): Readonly<Record<Name, number>> {
  const missing = names.filter((name) => !table.header.includes(name));
  if (missing.length > 0) {
    throw new FileError(
      table.name,
      `its first line names no column ${missing.join(", ")}; it names ${table.header.join(", ").slice(0, 200)}. ` +
        `Give a table with the columns ${names.join(", ")}.`,
    );
  }
  return Object.fromEntries(names.map((name) => [name, table.header.indexOf(name)])) as Record<Name, number>;
}

/** A table as text. Numbers are written in full; null and numbers that aren't finite are empty cells. */
export function encodeCsv(header: readonly string[], rows: Iterable<readonly CsvValue[]>): string {
  const lines = [header.map(encodeCsvCell).join(",")];
  for (const row of rows) lines.push(row.map(encodeCsvCell).join(","));
  return `${lines.join("\n")}\n`;
}

export function encodeCsvCell(value: CsvValue): string {
  if (value === null || (typeof value === "number" && !Number.isFinite(value))) return "";
  const text = String(value);
  return /[",\r\n#]|^$|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function checkCellCount(name: string, { cells, line }: CsvRecord, header: CsvRecord): void {
  if (cells.length === header.cells.length) return;
  throw new FileError(
    name,
    `line ${line} has ${cells.length} cells, but there are ${header.cells.length} columns. Was it cut short or edited?`,
  );
}

const CELL = /"([^"]*(?:""[^"]*)*)"(?=[,\r\n]|$)|([^",\r\n]*)/y;
const LINE_END = /\r?\n|$/y;

/** The records of a file; those that begin with # before the first are comments. A byte order mark is passed over. */
export function readCsvRecords(text: string, name: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
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
    LINE_END.lastIndex = at;
    const ending = LINE_END.exec(text);
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
