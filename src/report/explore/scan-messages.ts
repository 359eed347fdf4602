/** What the threads that look through cadences are told and answer. */

import type { CadenceProblem } from "../../formats/cadence-folder.node.ts";
import type { PanelShape } from "../../signal/panels.ts";

export interface ScanSettings {
  /** 65,536 counts of values in shared memory, of this thread alone. */
  readonly counts: Uint32Array;
}

export interface ScanBatch {
  /** The shape that the files of the batch should have. */
  readonly shape: PanelShape;
  readonly files: readonly { readonly id: string; readonly path: string }[];
}

/** What was seen of one file. Plain lists: small typed arrays would each take memory of their own on arrival. */
export interface FileLook {
  readonly bytes: number;
  /** NumPy's name of the elements, "<f2"; undefined where the file can't be read. */
  readonly descr?: string;
  readonly shape?: PanelShape;
  /** Of all its data, in hexadecimal. */
  readonly hash?: string;
  /** Of each panel's data: 52 bits. */
  readonly panelHashes?: readonly number[];
  /** `PANEL_FIELDS` of each panel; only of files with the batch's shape. */
  readonly panels?: readonly number[];
  readonly problem?: CadenceProblem;
}
