// Shared objects travel by address; threads start threads; the inspector can be forbidden.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shared } from 'heddle';
import { mapStack } from '#heddle/closure/text/stacks.js';
import { packCopy, unpack } from '#heddle/parcel/parcel.js';
import { programFile } from '../support/program.ts';
import { fixture } from './fixture.ts';
import { Target } from './harness.ts';

const target = new Target();
const captured = shared({ n: 16 });
const read = (): number => captured.n;

test('a captured shared object is the same one there', async () => {
  assert.equal(await target.run(read), 16);
  captured.n = 17;
  assert.equal(await target.run(read), 17);
  captured.n = 16;
});

test('shared objects of a kept function are the same at each call, and in each thread', async () => {
  const other = new Target();
  for (let n = 20; n < 24; n++) {
    captured.n = n;
    assert.deepEqual(await Promise.all([target.run(read), other.run(read)]), [n, n]);
  }
  captured.n = 16;
  await other.close();
});

test('shared objects among arguments, in data, and twice the same', async () => {
  const same = (data: { list: unknown[] }, item: unknown): unknown[] => [data.list[0] === item, item === captured];
  for (let n = 0; n < 3; n++) {
    const item = shared([n]);
    assert.deepEqual(await target.run(same, { list: [item] }, item), [true, false]);
  }
  assert.deepEqual(await target.run(same, { list: [captured] }, captured), [true, true]);
});

test('a shared object comes home as the object it was', async () => {
  assert.equal(await target.run(() => captured), captured);
});

test('values alone: a result with code', () => {
  const factor = 2;
  const packed = packCopy({ fn: (n: number) => n * factor, list: [1] }, 'result');
  const { fn, list } = unpack(packed) as { fn: (n: number) => number; list: number[] };
  assert.deepEqual([fn(4), list], [8, [1]]);
  assert.equal(Object.isFrozen(list), false);
});

test('a stack without received code is left as it is', () => {
  const stack = 'Error: x\n    at f (/a/b.js:1:2)';
  assert.equal(mapStack(stack), stack);
});

test('a thread starts threads: with what it was sent, and with what it made', async () => {
  assert.deepEqual(
    await fixture({
      'main.mjs': `
        import { run, show } from './thread.mjs';
        const base = 10;
        class Point { #x = 1; static origin = new Map([['n', 5]]); constructor(y) { this.y = y } sum() { return this.#x + this.y } }
        const scale = (n) => n * base;
        const parent = async (url) => {
          const { run: runFromThere } = await import(url);
          const local = 100;
          const made = (n) => scale(n) + local;
          class Inner extends Point { twice() { return this.sum() * 2 } }
          const self = () => Inner;
          return [
            await runFromThere(scale, 1), await runFromThere(made, 1), await runFromThere(made, 2), await runFromThere(made, 3),
            await runFromThere(() => new Point(2).sum() + Point.origin.get('n')),
            await runFromThere(() => new Inner(3).twice()),
            await runFromThere(() => (() => made(4))()),
            (await runFromThere(() => new Error(String(base)))).message,
          ];
        };
        show(await run(parent, new URL('./thread.mjs', import.meta.url).href));
        const thrown = await run(async (url) => { const { run: r } = await import(url); await r(() => { throw new Error('deep') }) }, new URL('./thread.mjs', import.meta.url).href).catch((e) => e);
        show(/main\\.mjs:(\\d+):/.exec(thrown.stack)[1]);
      `,
    }),
    [[10, 110, 120, 130, 8, 8, 140, '10'], '21'],
  );
});

test('awaiting is not slowed down by a capture: the debugger is off again', async () => {
  const [before, after] = (await fixture({
    'main.mjs': `
      import { start, show } from './thread.mjs';
      import { Session } from 'node:inspector';
      const work = new Function('return () => missing')();
      let enabled = 0;
      const { post } = Session.prototype;
      Session.prototype.post = function (method, ...rest) {
        if (method === 'Debugger.enable') enabled++;
        if (method === 'Debugger.disable') enabled--;
        return post.call(this, method, ...rest);
      };
      const data = new WeakMap();
      show(enabled);
      const text = eval('() => data');
      for (let n = 0; n < 3; n++) await start(text).result.catch(() => {});
      show(enabled);
    `,
  })) as number[];
  assert.deepEqual([before, after], [0, 0]);
});

const [major = 0] = process.versions.node.split('.').map(Number);

test('the permission model: a clear error without the inspector, for what captures something', async () => {
  const main = `
    import { captureCall } from ${JSON.stringify(import.meta.resolve('#heddle/closure/out/capture.js'))};
    const factor = 2;
    for (const fn of [() => 1, () => factor]) {
      try { captureCall(fn, []); console.log('captured'); } catch (error) { console.log(error.name, error.message); }
    }
  `;
  const flag = major < 24 ? '--experimental-permission' : '--permission';
  const outcomes: string[] = [];
  for (const more of major < 24 ? [[]] : [[], ['--allow-inspector', '--allow-worker']]) {
    const options = { nodeOptions: [flag, '--allow-fs-read=*', '--no-warnings', ...more], cwd: process.cwd() };
    const { stdout } = await programFile(await fileWith(main), options);
    outcomes.push(stdout.trim());
  }
  // What captures nothing travels by its text.
  assert.match(
    outcomes[0]!,
    /^captured\nCaptureError cannot look into the function, which uses 'factor' of the code around it: Node's permission model.*heddle\/register/,
  );
  if (major >= 24) assert.equal(outcomes[1], 'captured\ncaptured');
});

async function fileWith(text: string): Promise<string> {
  const { mkdtempSync, writeFileSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const file = `${mkdtempSync(`${tmpdir()}/heddle-`)}/main.mjs`;
  writeFileSync(file, text);
  return file;
}
