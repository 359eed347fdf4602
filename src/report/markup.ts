/** HTML put together from pieces, so that text from files can never become markup. */

/** Text that is HTML already. */
export interface Markup {
  readonly markup: string;
}

export type Content = string | number | boolean | null | undefined | Markup | readonly Content[];

/** Tags a template: values are escaped unless they are markup; lists are joined; what is missing or false leaves nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return { markup: strings.reduce((text, string, i) => text + render(values[i - 1]) + string) };
}

function render(content: Content): string {
  if (content === null || content === undefined || typeof content === "boolean") return "";
  if (typeof content === "number") return String(content);
  if (typeof content === "string") return escapeHtml(content);
  if ("markup" in content) return content.markup;
  return content.map(render).join("");
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
