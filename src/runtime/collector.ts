// The collector's worker: no user code, no event loop.

import { parentPort } from '../platform/worker.js';
import { checkCollections, collectForever } from './collecting.js';

export function collect(): void {
  const supervisor = parentPort();
  checkCollections();
  collectForever(() => supervisor.postMessage('collected'));
}
