// Which tools were turned on while the process ran: bits of H_TOOLS. Each thread looks before it runs a function (src/equip.ts).

/** Explorations: src/tools/explore/. */
export const EXPLORES = 1;
