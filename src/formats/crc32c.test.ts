import { expect, it } from "vitest";
import { crc32c } from "./crc32c.ts";

const bytes = (length: number, value: (i: number) => number) =>
  Uint8Array.from({ length }, (_, i) => value(i));

/** RFC 3720, appendix B.4 (the checksums' bytes stand there lowest first), and the check value of the catalogue of CRCs. */
it("gives the checksums of the standard's examples", () => {
  expect(crc32c(bytes(32, () => 0))).toBe(0x8a9136aa);
  expect(crc32c(bytes(32, () => 0xff))).toBe(0x62a8ab43);
  expect(crc32c(bytes(32, (i) => i))).toBe(0x46dd794e);
  expect(crc32c(bytes(32, (i) => 31 - i))).toBe(0x113fdb5c);
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array())).toBe(0);
});
