// Which tools are on: bits of H_TOOLS. Each thread looks when it has loaded the library, and before it runs a function (src/equip.ts).

/** Explorations: src/tools/explore/. */
export const EXPLORES = 1;
/** Data races and lost updates: src/tools/races/. */
export const RACES = 2;
/** The order of locks: src/tools/order/. */
export const LOCK_ORDER = 4;
/** What threads do: src/tools/trace/. */
export const TRACES = 16;
/** Where objects were made. */
export const PLACES = 8;
