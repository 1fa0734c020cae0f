// Turns on, in this thread, the tools that are asked for.

import { H_TOOLS } from '../memory/layout.js';
import { EXPLORES } from './bits.js';
import { attendBoard, makeKnown } from './explore/crew.js';
import { raw } from './raw.js';

/** Called when a thread has loaded the library, and again when more tools are on. */
export function install(): void {
  makeKnown();
  if ((raw.load(H_TOOLS) & EXPLORES) !== 0) attendBoard();
}
