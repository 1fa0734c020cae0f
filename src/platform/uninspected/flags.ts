// As ../flags.ts, where workers take no options of the runtime's: what has loaded the program is told to them by its place.

const LOADER = Symbol.for('heddle.loader');

type Global = { [LOADER]?: string };

/** This module loads the program, and is to load what threads import of it. */
export function noteLoader(url: string): void {
  Object.defineProperty(globalThis, LOADER, { value: url, configurable: true });
}

export function threadFlags(): string[] {
  const url = (globalThis as Global)[LOADER];
  return url === undefined ? [] : ['--import', url];
}

/** Nothing that a worker is told by the runtime. */
export const workerFlags = (_flags: readonly string[]): string[] => [];

export const isPreloaded = (flags: readonly string[]): boolean => flags.length > 0;
