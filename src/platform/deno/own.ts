// As ../own.ts, for Deno, whose async contexts have frames of their own.
import * as node from '../own.js';

export const { isOwnName, noteOwnFiles } = node;

/** Whether a line of a stack is a frame of this library's code, or of what that calls functions by. */
export const namesOwnFile = (line: string): boolean =>
  node.namesOwnFile(line) || line.includes('(ext:deno_node/async_hooks.ts:');
