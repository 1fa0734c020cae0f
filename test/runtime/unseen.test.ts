// Failed futures that nobody looks at are reported, with both stacks; those that were looked at, in whatever way, never are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from '../support/program.ts';

const parkedModule = new URL(`../support/parked.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
  .href;

const HEAD = `import { run, ThreadPoolExecutor, Future, collect, wait, waitAsync, asCompleted, startNewThread, Queue, exit } from 'heddle';
function boom(what) { throw new RangeError('boom ' + what); }
const over = async (future) => { while (!future.done()) await new Promise((resolve) => setTimeout(resolve, 1)); };
`;

const reported = (stderr: string): string[] => [...stderr.matchAll(/boom ([\w ]+)/g)].map(([, what]) => what!).sort();

test('at the end of the process, each once, with where it failed and where it was submitted', async () => {
  const { status, stderr } = await program(`${HEAD}
function submits() { run(boom, 'run'); }
submits();
const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
executor.submit(boom, 'submit');
executor.withOptions({ signal: new AbortController().signal }).submit(boom, 'with a signal');
const kept = run(boom, 'kept');
await over(kept);
run(() => { run(boom, 'of a task'); }).result();
new Future().setException(new RangeError('boom by hand'));
run((value) => value, new WeakMap());
run(() => { throw 'boom text'; });
executor.shutdown();
`);
  assert.equal(status, 0);
  assert.deepEqual(reported(stderr), ['by hand', 'kept', 'of a task', 'run', 'submit', 'text', 'with a signal']);
  assert.match(
    stderr,
    /A future has failed, and nobody has looked at it:\nRangeError: boom run\n +at boom \(.*:2:\d+\)\n +--- submitted from ---\n +at submits \(.*:5:\d+\)\n/,
  );
  for (const what of ['submit', 'with a signal', 'kept', 'of a task'])
    assert.match(
      stderr,
      new RegExp(`boom ${what}\\n +at boom .*\\n +--- submitted from ---\\n +at .*:\\d+:\\d+`),
      what,
    );
  assert.match(stderr, /looked at it:\n +--- submitted from ---\n +at .*:\d+:\d+\n'boom text'/);
  assert.match(stderr, /CaptureError: .*WeakMap/);
  assert.doesNotMatch(stderr, /dist\/|src\/futures/);
});

test('none that was looked at, before it failed or after it', async () => {
  const { status, stderr, stdout } = await program(`${HEAD}
const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
const looks = {
  result: (future) => { try { future.result(); } catch {} },
  'result that does not wait': (future) => { try { future.result(0); } catch {} },
  exception: (future) => void future.exception(),
  then: (future) => void future.then(undefined, () => {}),
  catch: (future) => void future.catch(() => {}),
  finally: (future) => void future.finally(() => {}).catch(() => {}),
  await: async (future) => { try { await future; } catch {} },
  all: (future) => void Promise.allSettled([future]),
  callback: (future) => void future.addDoneCallback(() => {}),
  wait: (future) => void wait([future]),
  'wait that does not wait': (future) => void wait([future], { timeout: 0 }),
  waitAsync: (future) => void waitAsync([future]),
  asCompleted: (future) => { for (const _ of asCompleted([future])); },
  cancel: (future) => void future.cancel(),
  'another thread': (future) => { run((given) => void given.exception(), future).result(); },
};
for (const look of Object.values(looks)) {
  await look(executor.submit(boom, 'early'));
  const late = executor.submit(boom, 'late');
  await over(late);
  await look(late);
}
try { for (const _ of executor.map(boom, ['a', 'b', 'c'])); } catch {}
executor.map(boom, ['d', 'e']);
// Cancelled, ended on purpose, or without an error.
const blocked = new Queue();
executor.submit(() => blocked.get());
executor.submit(boom, 'cancelled');
executor.shutdown({ wait: false, cancelFutures: true });
blocked.put(1);
run(() => exit());
run(() => 5);
console.log('all looked at');
`);
  assert.deepEqual([status, stdout, stderr], [0, 'all looked at\n', '']);
});

test('when it is collected, while the process runs; not while anybody holds it', async () => {
  const { stdout, stderr } = await program(
    `${HEAD}
const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
const held = new Queue();
await (async () => {
  await over(executor.submit(boom, 'gone'));
  const given = executor.submit(boom, 'held');
  await over(given);
  held.put(given);
})();
const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
for (let n = 0; n < 25; n++) {
  await executor.submit(async () => {
    for (let k = 0; k < 500; k++) new Queue();
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 1));
    collect();
  });
  for (let k = 0; k < 500; k++) new Queue();
  gc();
  await turn();
  collect();
  await turn();
}
console.error('--- the end ---');
try { held.get().result(); } catch (error) { console.log(error.message); }
executor.shutdown();
`,
    { nodeOptions: ['--expose-gc'] },
  );
  assert.equal(stdout, 'boom held\n');
  assert.match(stderr, /^A future has failed.*boom gone\n.*--- submitted from ---.*\n--- the end ---\n$/s);
  assert.doesNotMatch(stderr, /boom held/);
});

test('also when only threads submit, and the main thread never has', async () => {
  const { stderr } = await program(
    `import { collect, Queue, ThreadPoolExecutor, Thread, Event } from 'heddle';
const over = async (future) => { while (!future.done()) await new Promise((resolve) => setTimeout(resolve, 1)); };
const failed = new Event(), end = new Event();
const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
const rest = async (until) => {
  while (!until()) {
    for (let k = 0; k < 500; k++) new Queue();
    globalThis.gc();
    await turn();
    collect();
    await turn();
  }
};
new Thread(async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  await (async () => { await over(executor.submit(function boom() { throw new RangeError('boom below'); })); })();
  failed.set();
  let n = 0;
  await executor.submit(() => { for (let k = 0; k < 500; k++) new Queue(); globalThis.gc(); });
  await rest(() => end.isSet() && n++ > 2);
}).start();
await failed.waitAsync();
let rounds = 0;
await rest(() => rounds++ > 25);
console.error('--- the end ---');
end.set();
`,
    { nodeOptions: ['--expose-gc'] },
  );
  assert.match(stderr, /^A future has failed.*boom below\n.*--- submitted from ---.*\n--- the end ---\n$/s);
});

test('many that fail in the same way are one report; an uncaught error and process.exit() come after it', async () => {
  for (const [end, status] of [
    ['', 0],
    ['process.exit(3)', 3],
    ["throw new Error('the end')", 1],
  ] as const) {
    const outcome = await program(`${HEAD}
const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
for (let n = 0; n < 50; n++) executor.submit(boom, 'many');
executor.shutdown();
${end}
`);
    assert.equal(outcome.status, status);
    assert.deepEqual(reported(outcome.stderr), ['many'], end);
    assert.match(outcome.stderr, /50 futures have failed in the same way, and nobody has looked at them:/);
  }
});

test('submitted by a thread: with the place, whether it fails before its thread has come to say it or after', async () => {
  const { status, stderr } = await program(`${HEAD}
import { Event, Semaphore, Thread } from 'heddle';
import { parked } from '${parkedModule}';
const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
const later = new Event();
const gate = new Semaphore(0);
const other = new Thread(() => {
  // Nothing is awaited and nothing waited for until it has failed.
  function before() { const future = executor.submit(boom, 'before'); while (!future.done()); }
  function after() { executor.submit((boom, later) => { later.wait(); boom('after'); }, boom, later); }
  function several() { for (const n of [1, 2, 3]) executor.submit(boom, 'several'); }
  function blocked() { executor.submit(boom, 'blocked'); gate.acquire(); }
  before();
  after();
  several();
  blocked();
}, { daemon: true });
other.start();
parked(gate, 1);
later.set();
executor.shutdown();
`);
  assert.equal(status, 0, stderr);
  assert.deepEqual([...new Set(reported(stderr))], ['after', 'before', 'blocked', 'several']);
  for (const what of ['before', 'after', 'blocked', 'several'])
    assert.match(stderr, new RegExp(`boom ${what}\\n(?: +at .*\\n)+ +--- submitted from ---\\n +at ${what} `), what);
});
