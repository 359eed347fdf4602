import { FileError } from "../signal/errors.ts";
import type { ByteSource } from "./byte-source.ts";
import { angleFromSigproc, type SigprocType } from "./sigproc-keywords.ts";

/** Room for a table of a million and a half channels. */
const MAX_HEADER_BYTES = 1 << 25;
export const MAX_KEYWORD_BYTES = 80;
/** SIGPROC's own readers stop at 80; paths in `rawdatafile` are longer at times. */
export const MAX_TEXT_BYTES = 4096;
/** Longer than any keyword with its value. */
const MAX_FIELD_BYTES = 8 + MAX_KEYWORD_BYTES + MAX_TEXT_BYTES;
const WINDOW_BYTES = 1 << 16;

/** Reads a header forwards in windows, as far as it goes and no farther than `MAX_HEADER_BYTES`. */
export class HeaderCursor {
  readonly source: ByteSource;
  offset = 0;
  private view: DataView = new DataView(new ArrayBuffer(0));
  private viewStart = 0;
  private readonly decoder = new TextDecoder();

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Whether `prepare` must run before the next field, so that most fields need no await. */
  get unprepared(): boolean {
    return this.viewStart + this.view.byteLength < Math.min(this.source.size, this.offset + MAX_FIELD_BYTES);
  }

  async prepare(): Promise<void> {
    const { source, offset } = this;
    if (offset > MAX_HEADER_BYTES) {
      throw new FileError(
        source.name,
        `its header has no HEADER_END in the first ${MAX_HEADER_BYTES / 2 ** 20} MiB. It is damaged; copy the file again.`,
      );
    }
    const bytes = await source.read(offset, Math.min(WINDOW_BYTES, source.size - offset));
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.viewStart = offset;
  }

  number(what: string, type: Exclude<SigprocType, "text" | "none">): number {
    const at = this.advance(what, type === "int" ? 4 : type === "byte" ? 1 : 8);
    if (type === "int") return this.view.getInt32(at, true);
    if (type === "byte") return this.view.getInt8(at);
    const value = this.view.getFloat64(at, true);
    return type === "angle" ? angleFromSigproc(value) : value;
  }

  text(what: string, maxLength: number): string {
    const start = this.offset;
    const length = this.view.getUint32(this.advance(what, 4), true);
    if (length > maxLength) {
      throw new FileError(
        this.source.name,
        `its header says that ${what} at byte ${start} is ${length.toLocaleString("en")} bytes long, more than the ` +
          `${maxLength.toLocaleString("en")} that it can be. The header is damaged; copy the file again.`,
      );
    }
    const at = this.advance(what, length);
    const bytes = new Uint8Array(this.view.buffer, this.view.byteOffset + at, length);
    return this.decoder.decode(bytes).replace(/\0+$/, "");
  }

  /** Steps over `length` bytes and returns where in the view they lie. */
  private advance(what: string, length: number): number {
    const { source, offset } = this;
    if (offset + length > source.size) {
      throw new FileError(
        source.name,
        `its header ends in the middle of ${what}, at byte ${source.size}, without HEADER_END. The file was cut short.`,
      );
    }
    this.offset += length;
    return offset - this.viewStart;
  }
}
