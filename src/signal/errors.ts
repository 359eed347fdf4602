/**
 * What a person did or gave that Lodestone can't use. The message is one sentence or two: it names the file or the option,
 * says what is wrong and what to do. Anything else that is thrown is a defect of Lodestone.
 */
export class InputError extends Error {
  override readonly name: string = "InputError";
}

/** A file that can't be read as what it claims to be. `file` is the path or name that the person gave. */
export class FileError extends InputError {
  override readonly name = "FileError";
  readonly file: string;

  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`${file}: ${problem}`, options);
    this.file = file;
  }
}

/** A wrong way of calling a command or a function: a range that is empty, an option out of bounds. */
export class UsageError extends InputError {
  override readonly name = "UsageError";
}
