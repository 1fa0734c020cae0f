// The collector's worker: no user code, no event loop.

import { parentPort } from '../platform/worker.js';
import { collectForever } from './collecting.js';

const supervisor = parentPort();
collectForever(() => supervisor.postMessage('collected'));
