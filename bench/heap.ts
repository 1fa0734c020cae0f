// The shared heap against plain JavaScript, V8's own shared structs and what packages offer: the rows of every part.

import type { Row } from './harness.js';
import { bench as arrays } from './heap-arrays.js';
import { collectionRows } from './heap-collection.js';
import { bench as fields } from './heap-fields.js';
import { bench as maps } from './heap-maps.js';
import { bench as packages } from './heap-packages.js';
import { type HeapBench, heapRows } from './heap-sides.js';
import { bench as strings } from './heap-strings.js';
import { bench as tree } from './heap-tree.js';

const rows = (bench: HeapBench) => () => heapRows(bench);

export const heapBenches: Record<string, () => Promise<Row[]>> = {
  'heap-fields': rows(fields),
  'heap-tree': rows(tree),
  'heap-arrays': rows(arrays),
  'heap-maps': rows(maps),
  'heap-strings': rows(strings),
  'heap-collection': collectionRows,
  'heap-packages': rows(packages),
};
