// Functions that call themselves by name, from functions inside them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from '../support/program.ts';

test('a thread starts another with a closure that calls the function around it, and so on', async () => {
  const outcome = await program(`import { Event, shared, startNewThread } from 'heddle';
const over = new Event();
const seen = shared([]);
function step(n) {
  seen.push(n);
  if (n === 0) over.set();
  else startNewThread(() => step(n - 1), []);
}
startNewThread(step, [3]);
console.log(over.wait(), seen.join());
`);
  assert.deepEqual(outcome, { status: 0, signal: null, stdout: 'true 3,2,1,0\n', stderr: '' });
});

test('the name of a function expression does not travel, and the error says so', async () => {
  const { stderr } = await program(`import { Event, startNewThread } from 'heddle';
import { _count } from 'heddle/thread';
const begun = new Event();
const outer = function self(n) {
  startNewThread(() => { begun.set(); self(n - 1); }, []);
};
outer(1);
begun.wait();
while (_count() > 0) await new Promise((resolve) => setTimeout(resolve, 1));
`);
  assert.match(
    stderr,
    /CaptureError: 'self' did not travel to this thread: it is the name of the function expression around it/,
  );
});
