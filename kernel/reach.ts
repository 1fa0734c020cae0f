// How far this thread's instance of the kernel reaches.
//
// The memory grows in place, but V8 keeps its size with each instance, and tells other threads' instances of it by an interrupt that they
// take a little later. Until then fills, copies and atomic accesses to the new part trap. So code that has followed a reference looks
// whether the instance reaches it, and asks for the size anew where it does not.

import { H_SEGMENTS, SEGMENT_SHIFT } from '../src/memory/layout';

/** The memory's size as it is. Runs a little JavaScript, but nothing of the program's. */
@external("env", "refresh")
declare function refresh(): void;

/** Before anything at this address is used. */
@inline
export function reach(address: u32): void {
  if ((address >>> 16) >= <u32>memory.size()) refresh();
}

/** Before anything of the segments that there are is used. */
@inline
export function reachAll(): void {
  if (load<u32>(H_SEGMENTS) > (<u32>memory.size() >>> (SEGMENT_SHIFT - 16))) refresh();
}
