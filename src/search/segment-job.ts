/** One segment's search as a message: what a thread needs to know, and what it answers. */

import { type Bank, makeBank } from "./bank.ts";
import type { SearchKernels } from "./kernels.ts";
import { type SegmentLine, searchSegment } from "./segment.ts";
import { makeWorkspace, rowStart, type Workspace } from "./workspace.ts";

/** What holds for all segments of a scan. */
export interface SegmentPlan {
  readonly rows: number;
  /** Largest drift, channels from the first row to the last. */
  readonly maxSpan: number;
  /** Channels that a segment answers for, at most, and those that it looks at besides on either side. */
  readonly ownChannels: number;
  readonly halo: number;
  /** The channels searched, half-open. */
  readonly bandStart: number;
  readonly bandStop: number;
  readonly snr: number;
  readonly maxLines: number;
}

/** Pixels of a run of channels, rows x channels, and of the channels just before them. Both may lie in shared memory. */
export interface Tile {
  readonly data: Float32Array;
  /** The file's channel that the data's first column is. */
  readonly firstChannel: number;
  readonly channels: number;
  readonly before: Float32Array;
  readonly beforeChannels: number;
}

export interface SegmentJob {
  readonly ownStart: number;
  readonly ownStop: number;
  /** Channels, within the segment, that hold no signal: DC. */
  readonly blanked: readonly number[];
}

export interface SegmentAnswer {
  /** Positions counted from the file's first channel. */
  readonly lines: SegmentLine[];
  /** Degrees of freedom of the pixels' noise. */
  readonly pixelDof: number;
  readonly crowded: boolean;
}

/** Lines whose middles lie this far past a segment's own channels are given too: its neighbour may place them on our side. */
const SHARED_EDGE = 2;

export class SegmentSearcher {
  readonly #kernels: SearchKernels;
  #plan: SegmentPlan | undefined;
  #workspace: Workspace | undefined;

  constructor(kernels: SearchKernels) {
    this.#kernels = kernels;
  }

  #workspaceFor(plan: SegmentPlan): Workspace {
    if (this.#workspace === undefined || !isSamePlan(this.#plan, plan)) {
      const bank: Bank = makeBank(plan.rows, plan.maxSpan, plan.bandStop - plan.bandStart);
      this.#workspace = makeWorkspace(this.#kernels, bank, plan.ownChannels + 2 * plan.halo);
      this.#plan = plan;
    }
    return this.#workspace;
  }

  search(plan: SegmentPlan, tile: Tile, job: SegmentJob): SegmentAnswer {
    const workspace = this.#workspaceFor(plan);
    const base = job.ownStart - plan.halo;
    const start = Math.max(plan.bandStart, base);
    const stop = Math.min(plan.bandStop, job.ownStop + plan.halo);
    loadPixels(workspace, tile, base, start, stop);
    const { lines, pixelDof, crowded } = searchSegment(
      workspace,
      start - base,
      stop - base,
      job.blanked.map((channel) => channel - base),
      plan.snr,
      plan.maxLines,
    );
    return {
      crowded,
      pixelDof,
      lines: lines
        .map((line) => ({ ...line, position: line.position + base }))
        .filter(
          ({ position }) =>
            position >= job.ownStart - 0.5 - SHARED_EDGE && position < job.ownStop - 0.5 + SHARED_EDGE,
        ),
    };
  }
}

function isSamePlan(a: SegmentPlan | undefined, b: SegmentPlan): boolean {
  return (Object.keys(b) as (keyof SegmentPlan)[]).every((key) => a?.[key] === b[key]);
}

function loadPixels(workspace: Workspace, tile: Tile, base: number, start: number, stop: number): void {
  const floats = workspace.kernels.floats();
  const { data, firstChannel, channels, before, beforeChannels } = tile;
  for (let row = 0; row < workspace.bank.rows; row++) {
    const at = rowStart(workspace, row);
    floats.fill(0, at - workspace.pad, at + workspace.channels + workspace.pad);
    const split = Math.max(start, firstChannel);
    if (start < firstChannel) {
      const from = row * beforeChannels + beforeChannels - firstChannel;
      floats.set(before.subarray(from + start, from + Math.min(stop, firstChannel)), at + start - base);
    }
    if (split < stop) {
      const from = row * channels - firstChannel;
      floats.set(data.subarray(from + split, from + stop), at + split - base);
    }
  }
}
