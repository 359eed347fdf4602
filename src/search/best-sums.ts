/** The first pass over a run of boxes: the best sum over a level's templates at each. */

import type { SearchKernels } from "./kernels.ts";
import { type LevelArea, RUN, SUMS_RUN } from "./workspace.ts";

/** Sums the templates anew at boxes `start` to `stop`; `start` is a multiple of 32. */
export function updateBestSums(
  { run }: SearchKernels,
  area: LevelArea,
  rows: number,
  start: number,
  stop: number,
): void {
  const { originAt, bestAt, templates, templatesAt, shared, sums } = area;
  if (shared === undefined || sums === undefined) {
    run.bestOverTemplates(
      originAt + start * 4,
      templatesAt,
      rows,
      templates,
      bestAt + start * 4,
      stop - start,
    );
    return;
  }
  for (let first = start; first < stop; first += SUMS_RUN) {
    const n = Math.min(SUMS_RUN, stop - first);
    const summed = Math.ceil(n / RUN) * RUN;
    let rowsAt = sums.rowsAt;
    for (const [i, { offsets, least, most }] of shared.sums.entries()) {
      run.sumOverRows(
        originAt + (first + least) * 4,
        rowsAt,
        offsets.length,
        sums.at + i * sums.strideBytes,
        summed + most - least,
      );
      rowsAt += offsets.length * 4;
    }
    run.bestOverTemplates(sums.at, sums.templatesAt, shared.groups, templates, bestAt + first * 4, n);
  }
}
