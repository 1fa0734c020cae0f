// The same programs on Node, Bun and Deno, with the packed package.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { install, pack } from '../support/packed.ts';
import { type Outcome, programFile, root } from '../support/program.ts';

type Runtimes = { runtimeBinary(name: 'bun' | 'deno'): string };
const { runtimeBinary } = (await import(join(root, 'scripts', 'nodes.mjs'))) as Runtimes;

const project = mkdtempSync(join(tmpdir(), 'heddle-runtimes-'));
const BUN = [runtimeBinary('bun')];
const DENO = [runtimeBinary('deno'), 'run', '-A', '--no-check'];
/** How each runs a program without the transform, and through it. */
const PLAIN = { Node: [process.execPath], Bun: BUN, Deno: DENO } as const;
const TRANSFORMED = {
  Node: [process.execPath, '--import', 'heddle/register'],
  Bun: BUN,
  Deno: [...DENO, '--preload', 'npm:heddle/register'],
} as const;
type Name = keyof typeof PLAIN;
const NAMES = Object.keys(PLAIN) as Name[];

before(async () => {
  const packed = await pack(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  await install(project, [join(project, packed.filename)]);
  mkdirSync(join(project, 'loaded'));
  writeFileSync(join(project, 'loaded', 'bunfig.toml'), 'preload = ["heddle/register"]\n');
});

after(() => rmSync(project, { recursive: true, force: true }));

function inProject(runtime: readonly string[], name: string, source: string): Promise<Outcome> {
  const path = join(project, name);
  writeFileSync(path, source);
  return programFile(path, { cwd: join(path, '..'), runtime });
}

const printed = (stdout: string): Outcome => ({ status: 0, signal: null, stdout, stderr: '' });

/** Functions that use nothing of the code around them. */
const BY_TEXT = `
import { Condition, Event, Lock, Queue, run, Semaphore, shared, SimpleQueue, struct, t, Thread, ThreadPoolExecutor } from 'heddle';
import { allocate_lock, start_new_thread } from 'heddle/thread';

const held = allocate_lock();
held.acquire();
start_new_thread((lock) => lock.release(), [held]);
held.acquire();
console.log('thread', held.locked());

const state = shared({ n: 0, list: [1, 2], names: new Map([['a', 1]]) });
const lock = new Lock();
const threads = [1, 2, 3].map(
  (by) =>
    new Thread({
      target: (state, lock, by) => {
        for (let i = 0; i < 100; i++) {
          lock.acquire();
          state.n += by;
          lock.release();
        }
        state.list.push(by);
      },
      args: [state, lock, by],
    }),
);
for (const each of threads) each.start();
for (const each of threads) each.join();
console.log('shared', state.n, state.list.length, state.names.get('a'));

const queue = new Queue({ maxSize: 2 });
start_new_thread((queue) => { for (let i = 0; i < 5; i++) queue.put({ i, text: 'ä€😀' }); }, [queue]);
console.log('queue', [1, 2, 3, 4, 5].map(() => queue.get().i).join());

const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
const futures = [1, 2, 3].map((x) => executor.submit((y) => y * 2, x));
console.log('executor', futures.map((each) => each.result()).join(), (await Promise.all(futures)).join());
executor.shutdown();

console.log('async', await run(async (x) => { await new Promise((resolve) => setTimeout(resolve, 5)); return x + 1; }, 1));
console.log('error', await run(() => { throw new RangeError('too far'); }).catch((error) => \`\${error.name}: \${error.message}\`));

const rung = new Int32Array(new SharedArrayBuffer(4));
const leave = (rung) => void setTimeout(() => { Atomics.store(rung, 0, 1); Atomics.notify(rung, 0); }, 20);
const left = new Thread({ target: leave, args: [rung] });
left.start();
left.join();
Atomics.wait(rung, 0, 0);
console.log('a timer that a thread has left rings');
`;
const BY_TEXT_PRINTS = `thread true
shared 600 5 1
queue 0,1,2,3,4
executor 2,4,6 2,4,6
async 2
error RangeError: too far
a timer that a thread has left rings
`;

for (const name of NAMES) {
  test(`${name}: functions that capture nothing travel by their text`, async () => {
    const outcome = await inProject(PLAIN[name], 'text.mjs', BY_TEXT);
    assert.deepEqual(outcome, printed(BY_TEXT_PRINTS));
  });
}

for (const name of ['Bun', 'Deno'] as const) {
  test(`${name}: what captures a variable is refused without the transform, and the error says how to run it`, async () => {
    const source = `
      import { run } from 'heddle';
      const factor = 3;
      await run((x) => x * factor, 1).catch((error) => console.log(error.name, error.message));
    `;
    const { stdout } = await inProject(PLAIN[name], 'refused.mjs', source);
    assert.match(stdout, /^CaptureError cannot look into the function, which uses 'factor' of the code around it/);
    assert.ok(stdout.includes(`this build of ${name} has no inspector`), stdout);
    assert.match(stdout, /preload.*heddle\/register/);
  });
}

const CLOSURES = `
import { run, Thread, ThreadPoolExecutor } from 'heddle';
import { maker, scale } from './more.ts';
const factor: number = 3;
let count = 0;
const make = (by: number) => () => { count += by; return by * factor; };
const thread = new Thread({ target: make(7) });
thread.start();
thread.join();
console.log('shared variable', count, await run(make(2)), count);
console.log('of another module', await run(maker(4), 5), await run(() => scale(2)));
const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
console.log('executor', (await Promise.all([1, 2].map((x) => executor.submit(() => scale(x) + factor)))).join());
executor.shutdown();
`;
const MORE = `
const by: number = 10;
export const scale = (x: number): number => x * by;
export function maker(k: number): (x: number) => number { return (x) => x + k + by; }
`;
const CLOSURES_PRINT = `shared variable 7 6 9
of another module 19 20
executor 13,23
`;

for (const name of ['Bun', 'Deno'] as const) {
  test(`${name}: closures travel through the transform, and share variables`, async () => {
    writeFileSync(join(project, 'loaded', 'more.ts'), MORE);
    const outcome = await inProject(TRANSFORMED[name], 'loaded/app.ts', CLOSURES);
    assert.deepEqual(outcome, printed(CLOSURES_PRINT));
  });
}

test('Deno: the same by a first file that imports the transform', async () => {
  writeFileSync(join(project, 'loaded', 'more.ts'), MORE);
  writeFileSync(join(project, 'loaded', 'app.ts'), CLOSURES);
  const outcome = await inProject(DENO, 'loaded/first.ts', "import 'heddle/register';\nawait import('./app.ts');\n");
  assert.deepEqual(outcome, printed(CLOSURES_PRINT));
});

for (const name of NAMES) {
  test(`${name}: an error that ends a thread is reported, and the others go on`, async () => {
    const source = `
      import { Thread } from 'heddle';
      const thread = new Thread({ target: () => { throw new RangeError('from a thread'); }, name: 'worker' });
      thread.start();
      thread.join();
      console.log('on');
    `;
    const { status, stdout, stderr } = await inProject(PLAIN[name], 'dies.mjs', source);
    assert.deepEqual([status, stdout], [0, 'on\n']);
    assert.match(stderr, /^Exception in thread worker:\nRangeError: from a thread\n {4}at /);
    assert.doesNotMatch(stderr, /heddle:|async_hooks/);
  });
}

const INTERRUPTED = `
import { spawn } from 'node:child_process';
import { Lock, Thread } from 'heddle';
const [ready, never] = [new Lock(), new Lock()];
ready.acquire();
never.acquire();
const thread = new Thread({ target: (ready) => { ready.release(); }, args: [ready], daemon: true });
thread.start();
ready.acquire();
spawn('kill', ['-INT', String(process.pid)]);
try {
  never.acquire({ timeout: 60 });
} catch (error) {
  console.log(error.name);
}
`;

for (const name of ['Node', 'Deno'] as const) {
  test(`${name}: Ctrl-C ends a wait of the main thread`, async () => {
    assert.deepEqual(await inProject(PLAIN[name], 'interrupted.mjs', INTERRUPTED), printed('KeyboardInterrupt\n'));
  });
}

test('Bun: Ctrl-C ends the process', async () => {
  const { status, signal, stdout } = await inProject(PLAIN.Bun, 'interrupted.mjs', INTERRUPTED);
  assert.equal(stdout, '');
  assert.ok(signal === 'SIGINT' || status === 130, `${signal} ${status}`);
});
