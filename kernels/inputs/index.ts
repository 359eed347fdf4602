/**
 * Kernels that prepare cadences for networks. Every argument named `...At` is an address in bytes. Nothing here allocates:
 * src/learn/inputs lays out the memory.
 */

export const heapBase: usize = __heap_base;

export { medians, removeProfile, scaleColumns, transpose } from "./whiten";
export { blockSums, compress, follow, joinPaths, larger, largestNearby } from "./lines";
