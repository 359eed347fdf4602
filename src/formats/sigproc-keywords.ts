/** SIGPROC's keywords with the types of their values (read_header.c and its manual), and its way of packing angles. */

export type SigprocType = "int" | "double" | "text" | "angle" | "byte" | "none";

export const SIGPROC_KEYWORDS: Readonly<Record<string, SigprocType>> = {
  rawdatafile: "text",
  source_name: "text",
  telescope_id: "int",
  machine_id: "int",
  data_type: "int",
  barycentric: "int",
  pulsarcentric: "int",
  az_start: "double",
  za_start: "double",
  src_raj: "angle",
  src_dej: "angle",
  tstart: "double",
  tsamp: "double",
  nbits: "int",
  nsamples: "int",
  fch1: "double",
  foff: "double",
  FREQUENCY_START: "none",
  fchannel: "double",
  FREQUENCY_END: "none",
  nchans: "int",
  nifs: "int",
  refdm: "double",
  period: "double",
  nbeams: "int",
  ibeam: "int",
  nbins: "int",
  npuls: "int",
  signed: "byte",
};

/** SIGPROC's hhmmss.s or ddmmss.s as hours or degrees. The sign is the whole number's, -003000 is half a degree south. */
export function angleFromSigproc(packed: number): number {
  const size = Math.abs(packed);
  const whole = Math.floor(size / 10_000);
  const minutes = Math.floor((size - whole * 10_000) / 100);
  const seconds = size - whole * 10_000 - minutes * 100;
  const angle = whole + minutes / 60 + seconds / 3600;
  return packed < 0 ? -angle : angle;
}

/** Hours or degrees as hhmmss.s or ddmmss.s, to a hundred-millionth of a second. */
export function angleToSigproc(angle: number): number {
  const seconds = Math.round(Math.abs(angle) * 3600 * 1e8) / 1e8;
  const whole = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds - whole * 3600) / 60);
  const packed = whole * 10_000 + minutes * 100 + (seconds - whole * 3600 - minutes * 60);
  return angle < 0 ? -packed : packed;
}
