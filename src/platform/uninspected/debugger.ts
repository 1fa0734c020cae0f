// As ../debugger.ts, where one thread cannot reach into another: nothing is evaluated there, and nothing is ended between two instructions.
// Interrupts come at safepoints: whenever a thread waits, or calls this library.

import type { Target, ThreadId } from '../debugger.js';

export type { Target, ThreadId } from '../debugger.js';

const UNREACHABLE: Target = {
  evaluate: async () => undefined,
  terminate: async () => {},
};

export class MainDebugger {
  readonly thread: Target = UNREACHABLE;

  disconnect(): void {}
}

export class WorkersDebugger {
  async open(): Promise<void> {}

  thread(_id: ThreadId): Target | undefined {
    return undefined;
  }

  async close(): Promise<void> {}

  disconnect(): void {}
}

/** Runs `action`. Nobody can end it from outside. */
export function runEndable(action: () => void): boolean {
  action();
  return false;
}

/** No thread answers. */
export const evaluateIn = async (
  _threads: readonly ThreadId[],
  _expression: string,
  _patience: number,
): Promise<Map<ThreadId, string>> => new Map();
