/** Tables of a report. */

import { type Content, html, type Markup } from "./markup.ts";

export interface Column<Row> {
  readonly title: string;
  readonly kind?: "number" | "word" | "wide";
  readonly cell: (row: Row, index: number) => Content;
}

export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): Markup {
  const head = columns.map(
    ({ title, kind }) => html`<th scope="col" class="${kind ?? "word"}">${title}</th>`,
  );
  const body = rows.map(
    (row, i) =>
      html`<tr>${columns.map(({ kind, cell }) => html`<td class="${kind ?? "word"}">${cell(row, i)}</td>`)}</tr>
`,
  );
  return html`<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>
${body}</tbody></table></div>
`;
}
