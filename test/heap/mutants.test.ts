// Heaps with one thing left out that the protocol needs. Each must be caught by the scenario that is there for it: one that finds nothing in
// its mutant proves nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whole } from '../support/extent.ts';
import type { Edit } from './kernel_with_points.ts';
import { exchanged, scenarios } from './scenarios.ts';
import { explore } from './schedule.ts';
import { World } from './world.ts';

interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The scenario that finds it. */
  readonly found: string;
}

const edit = (file: string, from: string, to: string): Edit => ({ file, from, to });

const mutants: readonly Mutant[] = [
  {
    name: 'touch enters no guard',
    edits: [
      edit(
        'kernel/mutator.ts',
        'const gate = enterGuard(thread);\n  if (gate == S_CLOSED) return BUSY;\n  // Read again',
        'const gate = atomic.load<i32>(H_GATE);\n  if (gate == S_CLOSED) return BUSY;\n  // Read again',
      ),
    ],
    found: 'a slot is overwritten before the guard',
  },
  {
    name: 'touch pins what was read before the guard',
    edits: [
      edit(
        'heap/values.js',
        'const word = k.touch(index * 4, record);',
        'const before = V.I32[index]; const word = before !== 0 && (before & 15) === 0 ? k.pinCell(before, record) || before : before;',
      ),
    ],
    found: 'a slot is overwritten before the guard',
  },
  {
    name: 'touch does not log while marking',
    edits: [edit('kernel/mutator.ts', '    appendLog(thread, address);\n', '')],
    found: 'a touch while marking is logged',
  },
  {
    name: 'pages that were released in this cycle are swept',
    edits: [
      edit(
        'kernel/collector.ts',
        'if (load<i32>(meta + M_OWNER) != 0 || load<i32>(meta + M_CYCLE) == cycle) {',
        'if (load<i32>(meta + M_OWNER) != 0) {',
      ),
    ],
    found: 'a fresh string is stored, and its page is left',
  },
  {
    name: 'the mark stack is reset after the gate says marking',
    edits: [
      edit('heap/collector.js', 'k.beginMarking(atomic.load(H_MARK_STACK), STACK_PAGES * PAGE_SIZE);', ''),
      edit(
        'heap/collector.js',
        '        k.markRoots();',
        '        k.beginMarking(atomic.load(H_MARK_STACK), STACK_PAGES * PAGE_SIZE);\n        k.markRoots();',
      ),
    ],
    found: 'what is touched is traced',
  },
  {
    name: 'pins go while marking',
    edits: [
      edit(
        'kernel/mutator.ts',
        'if (atomic.load<i32>(H_GATE) == 0) return true;',
        'if (atomic.load<i32>(H_GATE) != S_CLOSED) return true;',
      ),
    ],
    found: 'pins go after a store',
  },
  {
    name: 'a splice is not traced again',
    edits: [edit('kernel/arrays.ts', '  logRescan(thread, gate, <u32>data);\n  const after', '  const after')],
    found: 'elements move while their array is half traced',
  },
  {
    name: 'an array that has grown is not traced again',
    edits: [
      edit(
        'kernel/arrays.ts',
        '    logRescan(thread, gate, <u32>data);\n    atomic.store',
        '    logIfMarkingOnly(thread, gate, data);\n    atomic.store',
      ),
      edit(
        'kernel/arrays.ts',
        '@inline\nfunction itemAt(',
        'function logIfMarkingOnly(thread: usize, gate: i32, data: usize): void {}\n\n@inline\nfunction itemAt(',
      ),
    ],
    found: 'an array that only its thread has grows into a large cell',
  },
  {
    name: 'a table that was replaced is not traced again',
    edits: [edit('kernel/tables.ts', '    logRescan(thread, gate, <u32>fresh);\n', '')],
    found: 'a large table is made before marking and replaces the old one while marking',
  },
  {
    name: 'a fresh large cell is no root',
    edits: [edit('kernel/collector.ts', '    markWord(atomic.load<u32>(thread + R_FRESH));\n', '')],
    found: 'a large text is made, stored, and another made',
  },
  {
    name: 'what is in flight is no root',
    edits: [edit('kernel/collector.ts', '    markWord(atomic.load<u32>(thread + R_INFLIGHT));\n', '')],
    found: 'objects in flight',
  },
  {
    name: 'a reader of a table does not look at the sequence word again',
    edits: [
      edit(
        'kernel/tables.ts',
        '      value = load<i64>(entry + ((width & 16) >>> 1));\n      break;\n    }\n    at = load<u32>(infos + (at - 1) * INFO + INFO_NEXT);\n  }\n  return atomic.load<i32>(map + SEQUENCE) == sequence ? reinterpret<f64>(value) : answer(BUSY);',
        '      value = load<i64>(entry + ((width & 16) >>> 1));\n      break;\n    }\n    at = load<u32>(infos + (at - 1) * INFO + INFO_NEXT);\n  }\n  return reinterpret<f64>(value);',
      ),
    ],
    found: 'a table is replaced, collected and its page taken under a reader',
  },
  {
    name: 'a dead Page takes the pins of its successor along',
    edits: [
      edit(
        'heap/pages.js',
        'list.slice(start, start + LIST_MAX).filter((token) => tokens.get(token.index) === token);',
        'list.slice(start, start + LIST_MAX);',
      ),
    ],
    found: 'a page is touched again before its pins go',
  },
  {
    name: 'a Page that is alive is not found again',
    edits: [edit('heap/pages.js', 'const weak = token?.page.deref();', 'const weak = undefined;')],
    found: 'a Page is weakened and found again',
  },
];

/** In the part: those that one order in a few finds. */
const QUICK = [
  'a splice is not traced again',
  'the mark stack is reset after the gate says marking',
  'what is in flight is no root',
];

for (const { name, edits, found } of mutants.filter((one) => whole || QUICK.includes(one.name))) {
  test(`${name}: found by '${found}'`, async (t) => {
    const scenario = scenarios.find((one) => one.name === found);
    assert.ok(scenario !== undefined);
    const world = await World.open(edits);
    try {
      let { runs, failure } = explore(world, scenario);
      if (failure === undefined && scenario.eitherWay === true)
        ({ runs, failure } = explore(world, exchanged(scenario)));
      assert.ok(failure !== undefined, `nothing was found in ${runs} orders`);
      assert.doesNotMatch(failure.error.message, /a run is not as it was/);
      t.diagnostic(`order ${runs}: ${failure.error.message.split('\n')[0]}`);
    } finally {
      world.close();
    }
  });
}
