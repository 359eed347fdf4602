/** Filterbank files for tests, byte by byte, from a list of fields. */

export type Field =
  | readonly [keyword: string, type: "int" | "double" | "byte", value: number]
  | readonly [keyword: string, type: "text", value: string]
  | readonly [keyword: string];

export function makeFil(fields: readonly Field[], data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const parts: number[] = [];
  const text = (value: string) => {
    number(4, (view) => view.setUint32(0, value.length, true));
    parts.push(...[...value].map((letter) => letter.charCodeAt(0)));
  };
  const number = (bytes: number, set: (view: DataView) => void) => {
    const view = new DataView(new ArrayBuffer(bytes));
    set(view);
    parts.push(...new Uint8Array(view.buffer));
  };
  text("HEADER_START");
  for (const [keyword, type, value] of fields as readonly (readonly [
    string,
    string?,
    (number | string)?,
  ])[]) {
    text(keyword);
    if (type === "int") number(4, (view) => view.setInt32(0, value as number, true));
    else if (type === "byte") number(1, (view) => view.setInt8(0, value as number));
    else if (type === "double") number(8, (view) => view.setFloat64(0, value as number, true));
    else if (type === "text") text(value as string);
  }
  text("HEADER_END");
  const bytes = new Uint8Array(parts.length + data.length);
  bytes.set(parts);
  bytes.set(data, parts.length);
  return bytes;
}

/** Fields of a plain file; `changes` replaces values, or leaves a field out where it says null. */
export function plainFields(changes: Record<string, number | string | null> = {}): Field[] {
  const plain: Field[] = [
    ["source_name", "text", "Test"],
    ["nchans", "int", 8],
    ["nifs", "int", 1],
    ["nbits", "int", 8],
    ["fch1", "double", 8421.5],
    ["foff", "double", -0.25],
    ["tsamp", "double", 2],
    ["tstart", "double", 57650.5],
  ];
  return plain
    .filter(([keyword]) => changes[keyword] !== null)
    .map((field) => {
      const [keyword, type, value] = field as readonly [string, "int", number];
      return [keyword, type, (changes[keyword] ?? value) as number] as const;
    });
}
