// What happens when: every engine, with real servers and real worker processes, which are killed, frozen, and cut off.

import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { asCompleted, BrokenExecutor, CancelledError, shared, wait, waitAsync } from 'heddle';
import { Cluster, currentTask, Unsigned } from 'heddle/cluster';
import { deferred } from '../support/deferred.ts';
import { programFile } from '../support/program.ts';
import { becomes, journal } from './journal.ts';
import { startProxy } from './proxy.ts';
import { kinds, type Server } from './servers.ts';
import { endAll, KEY, project, startWorkerProcess, type WorkerProcess } from './workers.ts';

/** Short, so that the tests are; not so short that a busy machine loses one without reason. */
const LEASE = 3_000;

class Account {
  readonly owner: string;
  #balance = 0;
  constructor(owner: string) {
    this.owner = owner;
  }
  deposit(amount: number): number {
    this.#balance += amount;
    return this.#balance;
  }
}

class OutOfStock extends Error {
  readonly left: number;
  constructor(left: number) {
    super(`only ${left} left`);
    this.left = left;
  }
}

const twice = (n: number): number => n * 2;
const factor = 3;

for (const kind of kinds) {
  describe(kind.name, { skip: kind.skip ?? false }, () => {
    let server: Server;
    let cluster: Cluster;
    let workers: WorkerProcess[];

    const more = async (args: readonly string[] = []): Promise<WorkerProcess> => {
      const worker = await startWorkerProcess({ address: server.address, args });
      workers.push(worker);
      return worker;
    };

    before(async () => {
      server = await kind.start!();
      cluster = await Cluster.connect({ address: server.address, key: KEY });
      workers = [];
      await Promise.all([more(), more()]);
    });

    after(async () => {
      await cluster.close();
      await endAll(workers);
      await server.stop();
    });

    test('a closure goes with what it has captured, and its result comes back', async () => {
      const executor = cluster.executor();
      const future = executor.submit((n: number) => twice(n) * factor, 7);
      assert.equal(await future, 42);
      assert.match(future.id, /^[0-9a-f-]{36}$/);
      assert.equal(future.attempts, 1);
      assert.ok(workers.some(({ pid }) => future.worker?.endsWith(`/${pid}`)));
    });

    test('classes, private state, cycles, bytes and functions travel', async () => {
      const executor = cluster.executor();
      assert.equal(await executor.submit(() => new Account('Ada').deposit(5)), 5);
      const ring: { self?: unknown; at: Date; big: bigint } = { at: new Date(5), big: 2n ** 80n };
      ring.self = ring;
      const came = await executor.submit((value: typeof ring) => value, ring);
      assert.equal(came.self, came);
      assert.deepEqual([came.at.getTime(), came.big], [5, 2n ** 80n]);
      const bytes = await executor.submit((view: Float64Array) => view.map((n) => n / 2), Float64Array.of(1, 2, 3));
      assert.deepEqual([...bytes], [0.5, 1, 1.5]);
      const add = await executor.submit((a: number) => (b: number) => a + b, 1);
      assert.equal(add(2), 3);
      // What has come back is what was sent.
      assert.equal(await executor.submit((fn: typeof twice) => fn, twice), twice);
    });

    test('one function called often is sent once, and its arguments each time', async () => {
      const executor = cluster.executor();
      const results: number[] = [];
      for (let n = 0; n < 8; n++) results.push(await executor.submit((m: number) => m * factor, n));
      assert.deepEqual(results, [0, 3, 6, 9, 12, 15, 18, 21]);
    });

    test('map gives results in order, wait and asCompleted take its futures, and result() blocks', async () => {
      const executor = cluster.executor();
      const items = Array.from({ length: 50 }, (_, n) => n);
      const results: number[] = [];
      for await (const result of executor.map(twice, items, { bufferSize: 10 })) results.push(result);
      assert.deepEqual(results, items.map(twice));
      assert.deepEqual([...executor.map((a: number, b: number) => a + b, [1, 2], [10, 20])], [11, 22]);
      const futures = items.slice(0, 5).map((n) => executor.submit(twice, n));
      assert.equal((await waitAsync(futures)).done.size, 5);
      assert.equal(wait(futures, { returnWhen: 'FIRST_COMPLETED' }).notDone.size, 0);
      const sums: number[] = [];
      for (const future of asCompleted(futures)) sums.push(future.result());
      assert.deepEqual(
        sums.sort((a, b) => a - b),
        [0, 2, 4, 6, 8],
      );
      assert.equal(executor.submit(twice, 21).result(), 42);
      await executor.shutdownAsync();
      assert.throws(() => executor.submit(twice, 1), /cannot schedule new futures after shutdown/);
    });

    test("an error is of its own class, with the user's file and line, and is not retried", async () => {
      const log = journal();
      const { path } = log;
      const future = cluster.executor({ retries: 3 }).submit(function sell(left: number) {
        appendFileSync(path, 'sold\n');
        throw new OutOfStock(left);
      }, 2);
      const error = await future.then(
        () => assert.fail('it did not throw'),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof OutOfStock);
      assert.equal(error.left, 2);
      // Nothing of what has brought it here and back.
      assert.doesNotMatch(error.stack!, /async_hooks|dist\/cluster/);
      assert.match(error.stack!, /at sell \(.*engines\.test\.[jt]s:\d+:\d+\)/);
      assert.deepEqual(log.lines(), ['sold']);
      assert.equal(future.attempts, 1);
    });

    test('what lives in this process alone is refused by name, and nothing is sent', async () => {
      const world = shared({ n: 1, list: [1, 2] });
      const view = new Int32Array(new SharedArrayBuffer(8));
      const executor = cluster.executor();
      await assert.rejects(
        executor.submit(() => world.n),
        /'world', captured by .* cannot go to another machine: it is a shared object/,
      );
      await assert.rejects(
        executor.submit((given: unknown) => given, { deep: [world.list] }),
        /args\[0\]\.deep\[0\] cannot go to another machine: it is a SharedArray/,
      );
      await assert.rejects(
        executor.submit(() => view[0]),
        /'view', captured by .* it is a SharedArrayBuffer/,
      );
      const { port1 } = new MessageChannel();
      await assert.rejects(
        executor.submit((port: unknown) => port, port1),
        /args\[0\] cannot go .* port or stream/,
      );
      port1.close();
      await assert.rejects(
        executor.submit(() => cluster.workers()),
        /'cluster.*cannot go to another machine/,
      );
      const own = await Cluster.connect({ address: server.address, key: KEY, maxBytes: 100_000 });
      await assert.rejects(
        own.executor().submit((b: Uint8Array) => b.length, new Uint8Array(200_000)),
        /maxBytes/,
      );
      await own.close();
    });

    test('large arguments and results', async () => {
      const bytes = new Uint8Array(1_500_000).fill(7);
      const came = await cluster.executor().submit((given: Uint8Array) => given.map((n) => n + 1), bytes);
      assert.equal(came.length, bytes.length);
      assert.ok(came.every((n) => n === 8));
    });

    test('cancel: what waits is removed, what runs is stopped, endless loops too', async () => {
      const log = journal();
      const { path } = log;
      const executor = cluster.executor();
      const endless = executor.submit(() => {
        appendFileSync(path, 'endless\n');
        for (;;);
      });
      await log.until(/endless/);
      assert.equal(await endless.cancel(), true);
      await assert.rejects(endless, CancelledError);
      // The thread takes other work.
      assert.equal(await executor.submit(twice, 4), 8);
      const idle = cluster.executor({ queue: 'nobody' });
      const waiting = idle.submit(twice, 1);
      assert.equal(await waiting.cancel(), true);
      assert.ok(waiting.cancelled());
      const controller = new AbortController();
      const aborted = executor.withOptions({ signal: controller.signal }).submit(async () => {
        appendFileSync(path, 'awaits\n');
        const { signal } = currentTask();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        appendFileSync(path, 'aborted\n');
      });
      await log.until(/awaits/);
      controller.abort();
      await assert.rejects(aborted, CancelledError);
      await log.until(/aborted/);
    });

    test('a task knows its id, and says how far it is; what it prints has its id', async () => {
      const seen: unknown[] = [];
      const done = deferred();
      const executor = cluster.executor();
      const future = executor
        .withOptions({
          onProgress: (value) => {
            seen.push(value);
            if (value === 'half') done.resolve();
          },
        })
        .submit(async () => {
          const task = currentTask();
          console.log('from the task');
          task.progress('half');
          await undefined;
          return { id: currentTask().id, attempt: task.attempt, token: task.token };
        });
      const { id, attempt, token } = await future;
      assert.deepEqual({ id, attempt, token }, { id: future.id, attempt: 1, token: 1n });
      await done.promise;
      assert.deepEqual(seen, ['half']);
      const worker = workers.find(({ pid }) => future.worker?.endsWith(`/${pid}`))!;
      await worker.says(new RegExp(`\\[${id.slice(0, 8)}\\] from the task`));
      assert.throws(() => currentTask(), /outside of a task/);
    });

    test('the same key is the same task, and its outcome can be taken up by its id', async () => {
      const log = journal();
      const { path } = log;
      const once = cluster.executor().withOptions({ key: `order-${process.pid}-${kind.name}` });
      const order = (): number => {
        appendFileSync(path, 'ordered\n');
        return 17;
      };
      const [one, other] = [once.submit(order), once.submit(order)];
      assert.equal(one.id, other.id);
      assert.deepEqual([await one, await other], [17, 17]);
      assert.equal(await once.submit(order), 17);
      assert.deepEqual(log.lines(), ['ordered']);
      assert.equal(await cluster.future(one.id), 17);
      await assert.rejects(cluster.future('00000000-0000-0000-0000-000000000000'), /there is no task 0000/);
    });

    test('priorities: the first goes first', async () => {
      const log = journal();
      const { path } = log;
      const executor = cluster.executor({ queue: 'ordered' });
      const write = (text: string) => appendFileSync(path, `${text}\n`);
      const futures = [
        executor.withOptions({ priority: 5 }).submit(write, 'late'),
        executor.withOptions({ priority: 1 }).submit(write, 'soon'),
      ];
      const only = await startWorkerProcess({
        address: server.address,
        threads: 1,
        args: ['--queue', 'ordered'],
      });
      await waitAsync(futures);
      assert.deepEqual(log.lines(), ['soon', 'late']);
      only.kill('SIGKILL');
      await only.over;
    });

    test('workers() says who is there, and what each runs', async () => {
      await becomes(async () => (await cluster.workers()).length === workers.length);
      const [first] = await cluster.workers();
      assert.deepEqual(
        { ...first, host: '', pid: 0, heddle: '' },
        {
          ...{ host: '', pid: 0, heddle: '', node: process.versions.node, packages: { heddle: first!.heddle } },
          ...{ queues: ['default'], threads: 2, running: [] },
        },
      );
    });

    test('a worker dies: another takes the task when the lease is over', async () => {
      const log = journal();
      const { path } = log;
      const victim = await more(['--queue', 'deaths']);
      const executor = cluster.executor({ queue: 'deaths', lease: LEASE, retries: 1 });
      const future = executor.submit(() => {
        appendFileSync(path, `begun ${process.pid}\n`);
        if (currentTask().attempt === 1) for (;;);
        return currentTask().attempt;
      });
      await log.until(/begun/);
      const other = await more(['--queue', 'deaths']);
      const killed = performance.now();
      victim.kill('SIGKILL');
      await log.until(/begun/, 2);
      // How long that takes is not this test's: bench/cluster measures it.
      assert.ok(performance.now() - killed > LEASE / 2, 'it was begun again before the lease was over');
      assert.equal(await future, 2);
      assert.deepEqual(log.lines(), [`begun ${victim.pid}`, `begun ${other.pid}`]);
      assert.equal(future.attempts, 2);
    });

    test('a poison task kills as many workers as it may, then it fails; others go on', async () => {
      const queue = ['--queue', 'poison'];
      const victims = await Promise.all([more(queue), more(queue), more(queue)]);
      const executor = cluster.executor({ queue: 'poison', lease: LEASE, retries: 1 });
      const poison = executor.submit(function poisonous() {
        process.kill(process.pid, 'SIGKILL');
      });
      await assert.rejects(poison, (error: unknown) => {
        assert.ok(error instanceof BrokenExecutor);
        assert.match(error.message, /function poisonous at .* was begun 2 times/);
        return true;
      });
      assert.equal(victims.filter(({ child }) => child.signalCode === 'SIGKILL').length, 2);
      assert.equal(await executor.submit(twice, 3), 6);
    });

    test('a worker is frozen: the task runs again, and what the first one still gives is refused', async () => {
      const log = journal();
      const { path } = log;
      const frozen = await more(['--queue', 'frozen']);
      const executor = cluster.executor({ queue: 'frozen', lease: LEASE });
      const future = executor.submit(async () => {
        appendFileSync(path, `begun ${process.pid}\n`);
        const { attempt } = currentTask();
        if (attempt === 1) await new Promise((resolve) => setTimeout(resolve, 500));
        return attempt;
      });
      await log.until(/begun/);
      frozen.kill('SIGSTOP');
      await more(['--queue', 'frozen']);
      assert.equal(await future, 2);
      frozen.kill('SIGCONT');
      await frozen.says(/is stopped: |came too late, and was refused/);
      assert.equal(await cluster.future(future.id, { queue: 'frozen' }), 2);
    });

    test('a worker is cut off: it stops its own task before another begins it', async () => {
      const log = journal();
      const { path } = log;
      const proxy = await startProxy(server.port);
      const address = server.address.replace(`:${server.port}`, `:${proxy.port}`);
      const away = await startWorkerProcess({ address, args: ['--queue', 'cut'] });
      const executor = cluster.executor({ queue: 'cut', lease: LEASE });
      const future = executor.submit(() => {
        const { attempt } = currentTask();
        if (attempt === 2) {
          appendFileSync(path, `second ${Date.now()}\n`);
          return attempt;
        }
        appendFileSync(path, 'first\n');
        for (;;) appendFileSync(path, `alive ${Date.now()}\n`);
      });
      await log.until(/first/);
      proxy.silence();
      await more(['--queue', 'cut']);
      assert.equal(await future, 2);
      const alive = Number(
        log
          .lines()
          .filter((line) => line.startsWith('alive'))
          .at(-1)!
          .split(' ')[1],
      );
      const second = Number(
        log
          .lines()
          .find((line) => line.startsWith('second'))!
          .split(' ')[1],
      );
      assert.ok(alive < second, `the first ran until ${alive}, the second began at ${second}`);
      await away.says(/is stopped: for \d+ ms the engine has not said/);
      away.kill('SIGKILL');
      await away.over;
      proxy.close();
    });

    test('the engine restarts: nothing is unanswered', async () => {
      const executor = cluster.executor({ lease: LEASE, retries: 5 });
      const before = Array.from({ length: 20 }, (_, n) => executor.submit(twice, n));
      await before[0];
      const away = server.restart();
      const during = Array.from({ length: 20 }, (_, n) => executor.submit(twice, n));
      await away;
      const behind = Array.from({ length: 20 }, (_, n) => executor.submit(twice, n));
      const expected = Array.from({ length: 20 }, (_, n) => twice(n));
      for (const futures of [before, during, behind]) assert.deepEqual(await Promise.all(futures), expected);
    });

    test('the client dies: the task goes on, and its outcome is taken up by its id', async () => {
      const folder = project();
      const log = journal();
      const file = join(folder, 'client.mjs');
      writeFileSync(
        file,
        `import { appendFileSync } from 'node:fs';
import { Cluster } from 'heddle/cluster';
const cluster = await Cluster.connect({ address: ${JSON.stringify(server.address)}, key: ${JSON.stringify(KEY)} });
const path = ${JSON.stringify(log.path)};
const future = cluster.executor().submit(async () => {
  appendFileSync(path, 'begun\\n');
  while (!(await import('node:fs')).readFileSync(path, 'utf8').includes('client is dead')) await new Promise((r) => setTimeout(r, 20));
  return 'done all the same';
});
console.log(future.id);
await future;
`,
      );
      let id = '';
      const outcome = await programFile(file, {
        onStdout: (soFar, kill) => {
          id = soFar.trim();
          void log.until(/begun/).then(() => kill('SIGKILL'));
        },
      });
      assert.equal(outcome.signal, 'SIGKILL');
      appendFileSync(log.path, 'client is dead\n');
      assert.equal(await cluster.future(id), 'done all the same');
    });

    test('another key: nothing of it is read', async () => {
      const log = journal();
      const { path } = log;
      const stranger = await Cluster.connect({ address: server.address, key: 'another key' });
      const worker = await more(['--queue', 'strangers']);
      const future = stranger.executor({ queue: 'strangers' }).submit(() => appendFileSync(path, 'run\n'));
      await assert.rejects(future, Unsigned);
      await worker.says(/was not begun: Unsigned/);
      assert.deepEqual(log.lines(), []);
      await stranger.close();
    });

    test('a package that is missing, or has another version', async () => {
      const client = project({ 'eslint-scope': undefined, estraverse: undefined, esrecurse: undefined });
      const file = join(client, 'client.mjs');
      writeFileSync(
        file,
        `import { Cluster } from 'heddle/cluster';
import * as scope from 'eslint-scope';
const cluster = await Cluster.connect({ address: ${JSON.stringify(server.address)}, key: ${JSON.stringify(KEY)} });
const use = () => typeof scope.analyze;
for (const queue of process.argv.slice(2)) {
  try { console.log(await cluster.executor({ queue }).submit(use)); } catch (error) { console.log(error.name + ': ' + error.message); }
}
await cluster.close();
`,
      );
      const worker = (queue: string, folder: string): Promise<WorkerProcess> =>
        startWorkerProcess({ address: server.address, folder, args: ['--queue', queue] });
      const started = await Promise.all([
        worker('same', project({ 'eslint-scope': undefined, estraverse: undefined, esrecurse: undefined })),
        worker('missing', project()),
        worker('other', project({ 'eslint-scope': '3.0.0' })),
      ]);
      const { stdout, stderr } = await programFile(file, { args: ['same', 'missing', 'other'], cwd: client });
      assert.equal(stderr, '');
      const [same, missing, other] = stdout.split('\n');
      assert.equal(same, 'function');
      assert.match(
        missing!,
        /^PackageMismatch: package 'eslint-scope', \d\S+ where .* is not installed .* npm i eslint-scope@\d/,
      );
      assert.match(
        other!,
        /^PackageMismatch: package 'eslint-scope' is \d\S+ where .* and 3\.0\.0 at the worker: npm i/,
      );
      await endAll(started);
    });

    test('SIGTERM: a worker finishes what it runs, takes no more, and ends with 0', async () => {
      const log = journal();
      const { path } = log;
      const only = await startWorkerProcess({ address: server.address, threads: 1, args: ['--queue', 'drained'] });
      const executor = cluster.executor({ queue: 'drained' });
      const first = executor.submit(async () => {
        appendFileSync(path, 'begun\n');
        const { readFileSync } = await import('node:fs');
        while (!readFileSync(path, 'utf8').includes('go on')) await new Promise((resolve) => setTimeout(resolve, 20));
        return 'finished';
      });
      await log.until(/begun/);
      const second = executor.submit(twice, 1);
      only.kill('SIGTERM');
      await only.says(/takes no more/);
      appendFileSync(path, 'go on\n');
      assert.equal(await first, 'finished');
      assert.equal(await only.over, 0);
      assert.equal(second.done(), false);
      assert.equal(await second.cancel(), true);
    });
  });
}
