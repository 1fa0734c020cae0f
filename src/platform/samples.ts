// One instance of each class of Node's whose instances are ordinary objects, but have a prototype or symbols that Node exports nowhere.
import { EventEmitter } from 'node:events';
import { Dirent, statfsSync, statSync } from 'node:fs';

const { execPath } = process;

/** How an instance is made, by the name of its class. Those that look at a file need the permission to. */
export const SAMPLES: Readonly<Record<string, () => object>> = {
  EventEmitter: () => new EventEmitter(),
  Stats: () => statSync(execPath),
  BigIntStats: () => statSync(execPath, { bigint: true }),
  StatFs: () => statfsSync(execPath),
  Dirent: () => new (Dirent as unknown as new (name: string, type: number, path: string) => object)('', 1, ''),
  PerformanceMark: () => new PerformanceMark(''),
  // It has the symbols of a mark, and only the timeline makes one.
  PerformanceMeasure: () => new PerformanceMark(''),
};
