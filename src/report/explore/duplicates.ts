/** Cadences, and panels, whose data are the same to the bit. */

import { groupBy } from "./group-by.ts";

export interface HashedCadence {
  readonly split: string;
  readonly id: string;
  /** NaN where there is none. */
  readonly target: number;
  readonly hash: string;
  /** NaN for panels that are left out: those of one value throughout. */
  readonly panelHashes: Float64Array;
}

export interface DuplicateMember {
  readonly split: string;
  readonly id: string;
  readonly target: number | null;
}

export interface Duplicates {
  /** Cadences beyond the first of each group. */
  readonly spare: number;
  readonly groups: readonly {
    readonly members: readonly DuplicateMember[];
    /** Whether they have different targets. */
    readonly conflicting: boolean;
    readonly acrossSplits: boolean;
  }[];
  /** Cadences that share a panel with another one which is not the same throughout. */
  readonly sharing: number;
  /** Those of them that share it with a cadence of another split. */
  readonly sharingAcrossSplits: number;
  /** The first few pairs of cadences that share a panel, with the panels' numbers from 1. */
  readonly sharedPanels: readonly {
    readonly panels: readonly [number, number];
    readonly members: readonly [DuplicateMember, DuplicateMember];
  }[];
}

const MOST_PAIRS = 50;

/** Finds what is the same. Groups come in the order of their first cadence. */
export function findDuplicates(cadences: readonly HashedCadence[]): Duplicates {
  const groups = [...groupBy(cadences, ({ hash }) => hash).values()]
    .filter((members) => members.length > 1)
    .map((members) => {
      const targets = new Set(members.map(({ target }) => target).filter((target) => !Number.isNaN(target)));
      return {
        members: members.map(memberOf),
        conflicting: targets.size > 1,
        acrossSplits: differ(members, "split"),
      };
    });
  return {
    spare: groups.reduce((sum, { members }) => sum + members.length - 1, 0),
    groups,
    ...findSharedPanels(cadences),
  };
}

/** Sorts all panels by hash, so that those that are the same stand side by side. */
function findSharedPanels(cadences: readonly HashedCadence[]) {
  const total = cadences.reduce((sum, { panelHashes }) => sum + panelHashes.length, 0);
  const hashes = new Float64Array(total);
  const owner = new Uint32Array(total);
  const firstOf = new Uint32Array(cadences.length);
  let at = 0;
  for (const [i, { panelHashes }] of cadences.entries()) {
    hashes.set(panelHashes, at);
    owner.fill(i, at, at + panelHashes.length);
    firstOf[i] = at;
    at += panelHashes.length;
  }
  const order = Uint32Array.from(hashes, (_, i) => i)
    .filter((i) => !Number.isNaN(hashes[i]!))
    .sort((a, b) => hashes[a]! - hashes[b]! || a - b);
  const sharing = new Set<number>();
  const across = new Set<number>();
  const sharedPanels: Duplicates["sharedPanels"][number][] = [];
  for (let start = 0, stop = 0; start < order.length; start = stop) {
    while (stop < order.length && hashes[order[stop]!] === hashes[order[start]!]) stop++;
    if (stop - start < 2) continue;
    const panels = [...order.subarray(start, stop)];
    const owners = panels.map((panel) => cadences[owner[panel]!]!);
    if (!differ(owners, "hash")) continue;
    for (const panel of panels) sharing.add(owner[panel]!);
    if (differ(owners, "split")) for (const panel of panels) across.add(owner[panel]!);
    const other = owners.findIndex(({ hash }) => hash !== owners[0]!.hash);
    if (sharedPanels.length < MOST_PAIRS) {
      const number = (panel: number) => panel - firstOf[owner[panel]!]! + 1;
      sharedPanels.push({
        panels: [number(panels[0]!), number(panels[other]!)],
        members: [memberOf(owners[0]!), memberOf(owners[other]!)],
      });
    }
  }
  return { sharing: sharing.size, sharingAcrossSplits: across.size, sharedPanels };
}

function differ(cadences: readonly HashedCadence[], field: "hash" | "split"): boolean {
  return cadences.some((cadence) => cadence[field] !== cadences[0]![field]);
}

function memberOf({ split, id, target }: HashedCadence): DuplicateMember {
  return { split, id, target: Number.isNaN(target) ? null : target };
}
