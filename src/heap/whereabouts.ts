// Which cell a byte of the memory belongs to: for reports.

import { HEAP_START, META_SIZE, PAGE_SHIFT, SEG_META, SEGMENT_PAGES } from '../memory/layout.js';
import { V } from '../memory/memory.js';
import { LARGE_PAGE, M_COUNT, M_SIZE, MORE_PAGE } from './types.js';

const metaOf = (page: number): number =>
  (V.I32[(SEG_META >>> 2) + (page >>> 12)]! >>> 0) + (page & (SEGMENT_PAGES - 1)) * META_SIZE;

/** The address of the cell that an address is in; 0 = it is in none. */
export function cellAt(address: number): number {
  if (address < HEAP_START) return 0;
  let page = address >>> PAGE_SHIFT;
  let size = V.I32[(metaOf(page) + M_SIZE) >>> 2];
  if (size === undefined) return 0;
  while (size === MORE_PAGE) size = V.I32[(metaOf(--page) + M_SIZE) >>> 2]!;
  const start = page * 2 ** PAGE_SHIFT;
  if (size === LARGE_PAGE) return V.I32[(metaOf(page) + M_COUNT) >>> 2]! > 0 ? start : 0;
  return size > 0 ? start + Math.floor((address - start) / size) * size : 0;
}
