// Entry of a worker that shares the memory without the runtime: takes its seat, then runs one of the jobs below and says what came of
// it. A slot's pins are left behind when it exits, as a thread's are that was killed.

import { parentPort, workerData } from 'node:worker_threads';
import type { Seat } from '#heddle/memory/memory.js';

export interface SeatData {
  readonly seat: Seat;
  readonly job: 'fill an arena' | 'pin cells';
  /** Counts the workers that are ready; all begin together. */
  readonly gate: Int32Array;
  readonly workers: number;
  /** The arena's head. */
  readonly head: number;
  readonly cellSize: number;
  readonly count: number;
}

const data = workerData as SeatData;
(globalThis as Record<symbol, unknown>)[Symbol.for('heddle.seat/1')] = data.seat;

const { Arena } = await import('#heddle/heap/arena.js');
const { allocateCell } = await import('#heddle/heap/cells.js');
const { atomic } = await import('#heddle/memory/atomics.js');

const mark = data.seat.slot;
const arena = new Arena(data.head, data.cellSize);

Atomics.add(data.gate, 0, 1);
Atomics.notify(data.gate, 0);
for (let ready = 0; ready < data.workers; ready = Atomics.load(data.gate, 0)) Atomics.wait(data.gate, 0, ready);

parentPort!.postMessage(
  data.job === 'fill an arena' ? fill() : Array.from({ length: data.count }, () => allocateCell()),
);

/** Allocates, gives every other cell back, and allocates again; each cell bears this worker's mark while it is held. */
function fill(): number[] {
  const cells: number[] = [];
  const take = () => {
    const cell = arena.allocate();
    for (let word = 4; word < data.cellSize; word += 4) {
      if (atomic.exchange(cell + word, mark) !== 0) throw new Error(`cell ${cell} was not empty`);
    }
    cells.push(cell);
  };
  for (let round = 0; round < 4; round++) {
    for (let n = 0; n < data.count; n++) take();
    const kept = cells.splice(0).filter((cell, index) => {
      if (atomic.load(cell + 4) !== mark) throw new Error(`cell ${cell} has another owner`);
      if (index % 2 === 0) return true;
      arena.free(cell);
      return false;
    });
    cells.push(...kept);
  }
  return cells;
}
