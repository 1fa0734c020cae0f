// The Wasm kernel, in AssemblyScript: what must be one step, or is a tight loop, on the one shared memory. Addresses are byte addresses.
// No runtime, no static data: the module owns no memory of its own. Its constants are those of src/memory/layout.ts and
// src/heap/types.ts, which are compiled in.

export { add, and, compareExchange, exchange, load, or, store } from './atoms';
export {
  arrayCopy, arrayGrow, arrayPush, arrayReplace, arrayResize, arraySet, arraySetNumber, arraySplice, arrayWrite, numberReplace,
} from './arrays';
export {
  beginMarking, countPins, drainLogs, isAllocated, markedCells, markedSize, markPins, markRoots, sweep, trace,
} from './collector';
export { dropCells, dropPages, pinCell, publish, touch, touchInto, touchNumber } from './mutator';
export {
  addSegments, allocateLarge, allocateRaw, buryThread, exchangePage, nextRun, openHeap, rawPages, releaseDead, releasePage,
} from './pages';
export { queueGet, queueGrow, queueLeave, queuePut, queuePutByKey, queueShut } from './queues';
export {
  tableDelete, tableGet, tableGetContent, tableGetNumber, tableNext, tablePut, tableReplace, tableTouch,
} from './tables';
