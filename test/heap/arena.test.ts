// The arena: no cell is handed out twice, what is given back is used again, the memory grows.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Arena, CHUNK_SIZE, chunkOf } from '#heddle/heap/arena.js';
import { atomic } from '#heddle/memory/atomics.js';
import { H_HEAP_END } from '#heddle/memory/layout.js';
import { memory, V } from '#heddle/memory/memory.js';
import { seated } from './seated.ts';

/** Heads for arenas of our own: words of the header that the layout leaves unused. */
let nextHead = 2048;

function freshHead(): number {
  nextHead += 4;
  return nextHead;
}

/** Sizes that divide a chunk: an arena takes no others. */
const SIZES = [8, 16, 64, 256, 1024] as const;

suite('Arena', () => {
  for (const size of SIZES) {
    test(`cells of ${size} bytes are claimed, empty, and overlap nothing`, () => {
      const arena = new Arena(freshHead(), size);
      const inChunk = Math.floor((CHUNK_SIZE - size) / size);
      const cells = Array.from({ length: inChunk * 2 + 1 }, () => arena.allocate()).sort((a, b) => a - b);
      cells.forEach((cell, index) => {
        assert.equal(atomic.load(cell), 1);
        for (let word = 4; word < size; word += 4) assert.equal(atomic.load(cell + word), 0);
        assert.ok(cell >= chunkOf(cell) + size, 'the header of the chunk is left alone');
        assert.ok(cell + size <= chunkOf(cell) + CHUNK_SIZE, 'the cell ends in its chunk');
        if (index > 0) assert.ok(cell >= cells[index - 1]! + size);
      });
      assert.deepEqual(
        [...arena.inUse()].sort((a, b) => a - b),
        cells,
      );
    });
  }

  test('a cell that was full of something is empty when it is handed out again', () => {
    const arena = new Arena(freshHead(), 16);
    const cell = arena.allocate();
    for (let word = 4; word < 16; word += 4) atomic.store(cell + word, -1);
    arena.free(cell);
    const chunk = Array.from({ length: CHUNK_SIZE / 16 - 1 }, () => arena.allocate());
    assert.ok(chunk.includes(cell));
    for (let word = 4; word < 16; word += 4) assert.equal(atomic.load(cell + word), 0);
  });

  test('what is given back is used again, so that chunks are not added without need', () => {
    const arena = new Arena(freshHead(), 16);
    const allocate = () => Array.from({ length: 1000 }, () => arena.allocate());
    let cells = allocate();
    const end = atomic.load(H_HEAP_END);
    for (let round = 0; round < 20; round++) {
      for (const cell of cells) arena.free(cell);
      cells = allocate();
    }
    assert.equal(atomic.load(H_HEAP_END), end);
  });

  test('a cell is in use from its allocation to its return, whatever the order', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SIZES), fc.array(fc.nat({ max: 40 }), { maxLength: 300 }), (size, choices) => {
        const arena = new Arena(freshHead(), size);
        const held: number[] = [];
        for (const choice of choices) {
          // Gives the chosen one back if there is one, and takes a new one else: it holds a few dozen.
          const [cell] = held.splice(choice, 1);
          if (cell !== undefined) arena.free(cell);
          else {
            const taken = arena.allocate();
            assert.ok(!held.includes(taken), `${taken} is handed out twice`);
            held.push(taken);
          }
        }
        assert.deepEqual(new Set(arena.inUse()), new Set(held));
      }),
      { numRuns: 60 },
    );
  });

  test('several workers at once get no cell twice', async () => {
    const job = { job: 'fill an arena', head: freshHead(), cellSize: 16, count: 2000 } as const;
    const before = memory.buffer.byteLength;
    const all = (await seated(4, job)).flat();
    assert.equal(new Set(all).size, all.length);
    assert.deepEqual(new Set(new Arena(job.head, job.cellSize).inUse()), new Set(all));
    // They had added chunks beyond the end of the memory as it was.
    assert.ok(memory.buffer.byteLength > before);
  });
});

suite('memory', () => {
  test('grows by what an arena needs, and the views follow', () => {
    const arena = new Arena(freshHead(), 1024);
    const before = memory.buffer.byteLength;
    let cell = 0;
    while (cell < before) cell = arena.allocate();
    assert.ok(V.I32.byteLength > cell);
    V.I32[(cell + 4) >>> 2] = 7;
    assert.equal(atomic.load(cell + 4), 7);
  });

  test('when it cannot grow, the allocation fails and nothing is lost', () => {
    const arena = new Arena(freshHead(), 1024);
    fillMemory(arena);
    const end = atomic.load(H_HEAP_END);
    for (let attempt = 0; attempt < 3; attempt++) {
      // As soon as the arena's own chunk is full.
      assert.throws(
        () =>
          refusing(
            () => {},
            () => allocateChunk(arena),
          ),
        { name: 'RangeError', message: /^the shared memory is full at \d+ bytes/ },
      );
      assert.equal(atomic.load(H_HEAP_END), end);
    }
    assert.ok(arena.allocate() >= end);
  });

  test('when another thread takes the last of it meanwhile, no chunk is handed out twice', () => {
    const ours = new Arena(freshHead(), 1024);
    const theirs = new Arena(freshHead(), 1024);
    fillMemory(ours);
    let taken = 0;
    try {
      refusing(
        () => {
          taken = theirs.allocate();
        },
        () => allocateChunk(ours),
      );
    } catch (error) {
      assert.match(String(error), /the shared memory is full/);
    }
    const chunks = Array.from({ length: 4 }, () => chunkOf(allocateChunk(ours)));
    assert.ok(!chunks.includes(chunkOf(taken)), `the chunk at ${chunkOf(taken)} is handed out twice`);
  });

  test('at the end of the address space, the heap does not begin again', () => {
    const ours = new Arena(freshHead(), 1024);
    const theirs = new Arena(freshHead(), 1024);
    const end = atomic.load(H_HEAP_END);
    // Room for one chunk more, and two threads that want one at the same time.
    atomic.store(H_HEAP_END, -CHUNK_SIZE);
    let taken: number | undefined;
    try {
      const both = () =>
        refusing(
          () => {
            taken = refusing(
              () => {},
              () => theirs.allocate(),
            );
          },
          () => ours.allocate(),
        );
      assert.throws(both, { name: 'RangeError', message: /^the shared memory is full/ });
    } finally {
      atomic.store(H_HEAP_END, end);
    }
    assert.equal(taken, undefined, `a cell at ${taken} is handed out, which is in the first chunk of all`);
  });
});

/** Adds chunks until the next one needs the memory to grow. */
function fillMemory(arena: Arena): void {
  do allocateChunk(arena);
  while (atomic.load(H_HEAP_END) < memory.buffer.byteLength);
}

/** Allocates until a chunk is added; returns the first cell of it. */
function allocateChunk(arena: Arena): number {
  const end = atomic.load(H_HEAP_END);
  let cell = arena.allocate();
  while (atomic.load(H_HEAP_END) === end) cell = arena.allocate();
  return cell;
}

/** Runs `action` while the memory can grow for `others` alone, who get their share at that moment. */
function refusing<T>(others: () => void, action: () => T): T {
  const grow = memory.grow;
  memory.grow = () => {
    memory.grow = grow;
    others();
    throw new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded');
  };
  try {
    return action();
  } finally {
    memory.grow = grow;
  }
}
