// Locks with tokens, variables and queues between machines, on every engine.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Empty, Full, TimeoutError } from 'heddle';
import { Cluster, StaleToken, Unsigned, VersionConflict } from 'heddle/cluster';
import { deferred } from '../support/deferred.ts';
import { becomes, journal } from './journal.ts';
import { kinds, type Server } from './servers.ts';
import { KEY, project } from './workers.ts';

for (const kind of kinds) {
  describe(kind.name, { skip: kind.skip ?? false }, () => {
    let server: Server;
    let cluster: Cluster;
    let other: Cluster;

    before(async () => {
      server = await kind.start!();
      cluster = await Cluster.connect({ address: server.address, key: KEY });
      other = await Cluster.connect({ address: server.address, key: KEY });
    });

    after(async () => {
      await cluster.close();
      await other.close();
      await server.stop();
    });

    test('one holder at a time, and each has a higher token than all before', async () => {
      const [here, there] = [cluster.lock('one'), other.lock('one')];
      const held = await here.acquire();
      await assert.rejects(there.acquire({ timeout: 0 }), TimeoutError);
      const waiting = there.acquire();
      assert.equal(await held.release(), true);
      const next = await waiting;
      assert.ok(next.token > held.token);
      assert.equal(await held.release(), false);
      assert.equal(await next.release(), true);
      assert.equal(await here.withLock(({ token }) => token > next.token), true);
      await assert.rejects(
        here.withLock(() => {
          throw new Error('inside');
        }),
        /inside/,
      );
      await (await here.acquire({ timeout: 0 })).release();
    });

    test('a lease is renewed while the lock is held', async () => {
      const held = await cluster.lock('kept', { lease: 300 }).acquire();
      await assert.rejects(other.lock('kept').acquire({ timeout: 1500 }), TimeoutError);
      assert.equal(held.signal.aborted, false);
      assert.equal(await held.release(), true);
    });

    test('a holder dies: others get the lock when its lease is over, and what the dead one wrote counts for no more', async () => {
      const folder = project();
      const log = journal();
      const file = join(folder, 'holder.mjs');
      writeFileSync(
        file,
        `import { appendFileSync } from 'node:fs';
import { Cluster } from 'heddle/cluster';
const cluster = await Cluster.connect({ address: ${JSON.stringify(server.address)}, key: ${JSON.stringify(KEY)} });
const held = await cluster.lock('guarded', { lease: 1000 }).acquire();
held.signal.addEventListener('abort', () => appendFileSync(${JSON.stringify(log.path)}, 'lost\\n'));
appendFileSync(${JSON.stringify(log.path)}, held.token + '\\n');
for (let n = 0; ; n++) {
  try { await cluster.variable('guarded').set('old ' + n, { token: held.token }); }
  catch (error) { appendFileSync(${JSON.stringify(log.path)}, error.name + '\\n'); process.exit(0); }
  await new Promise((resolve) => setTimeout(resolve, 10));
}
`,
      );
      const holder = spawn(process.execPath, [file], { cwd: folder, stdio: 'inherit' });
      const over = new Promise((resolve) => holder.on('exit', resolve));
      await log.until(/^\d+$/);
      holder.kill('SIGSTOP');
      const held = await other.lock('guarded').acquire();
      const before = BigInt(log.lines()[0]!);
      assert.ok(held.token > before);
      const variable = other.variable<string>('guarded');
      await variable.set('new', { token: held.token });
      holder.kill('SIGCONT');
      await log.until(/StaleToken/);
      await log.until(/lost/);
      assert.equal((await variable.get()).value, 'new');
      await assert.rejects(variable.set('late', { token: before }), StaleToken);
      await held.release();
      await over;
    });

    test('a variable has a version, and a write may be for one version only', async () => {
      const [here, there] = [cluster.variable<unknown>('shape'), other.variable<unknown>('shape')];
      assert.deepEqual(await here.get(), { value: undefined, version: 0 });
      assert.equal(await here.set({ at: new Date(1), list: [1n] }, { ifVersion: 0 }), 1);
      assert.deepEqual(await there.get(), { value: { at: new Date(1), list: [1n] }, version: 1 });
      await assert.rejects(there.set('x', { ifVersion: 0 }), VersionConflict);
      assert.equal(await there.set(5, { ifVersion: 1 }), 2);
      assert.deepEqual(await here.get(), { value: 5, version: 2 });
      // Of many that add one, none is lost.
      const counter = cluster.variable<number>('counter');
      const add = async (of: Cluster): Promise<void> => {
        const own = of.variable<number>('counter');
        for (;;) {
          const { value = 0, version } = await own.get();
          try {
            await own.set(value + 1, { ifVersion: version });
            return;
          } catch (error) {
            if (!(error instanceof VersionConflict)) throw error;
          }
        }
      };
      await Promise.all(Array.from({ length: 10 }, (_, n) => add(n % 2 === 0 ? cluster : other)));
      assert.equal((await counter.get()).value, 10);
      const stranger = await Cluster.connect({ address: server.address, key: 'another' });
      await assert.rejects(stranger.variable('counter').get(), Unsigned);
      await stranger.close();
    });

    test('a queue is first in, first out, has a size, and wakes who waits', async () => {
      const [here, there] = [
        cluster.queue<number>('line', { maxSize: 2 }),
        other.queue<number>('line', { maxSize: 2 }),
      ];
      await assert.rejects(here.get({ timeout: 0 }), Empty);
      await here.put(1);
      await here.put(2);
      await assert.rejects(there.put(3, { timeout: 0 }), Full);
      const put = there.put(3);
      assert.deepEqual([await here.get(), await there.get()], [1, 2]);
      await put;
      assert.equal(await here.size(), 1);
      assert.equal(await here.get(), 3);
      const waiting = deferred<number>();
      there.get().then(waiting.resolve, waiting.reject);
      await here.put(4);
      assert.equal(await waiting.promise, 4);
      await Promise.all(Array.from({ length: 8 }, (_, n) => (n % 2 ? here : there).put(n).then(() => here.get())));
      assert.equal(await here.size(), 0);
    });

    test('a register that a lock guards is linear: processes are frozen and killed, and no stale write is ever accepted', async () => {
      const folder = project();
      const log = journal();
      const file = join(folder, 'member.mjs');
      // Each reads the register and writes the next number, with the token of its lock. It writes down what was accepted: token, value before, after.
      writeFileSync(
        file,
        `import { appendFileSync } from 'node:fs';
import { Cluster } from 'heddle/cluster';
const cluster = await Cluster.connect({ address: ${JSON.stringify(server.address)}, key: ${JSON.stringify(KEY)} });
const lock = cluster.lock('register', { lease: 500 });
const register = cluster.variable('register');
for (;;) {
  await lock.withLock(async ({ token }) => {
    try {
      const { value = 0, version } = await register.get({ token });
      await register.set(value + 1, { token });
      appendFileSync(${JSON.stringify(log.path)}, token + ' ' + value + ' ' + version + '\\n');
    } catch (error) {
      appendFileSync(${JSON.stringify(log.path)}, error.name + '\\n');
    }
  });
}
`,
      );
      const members = new Set<ReturnType<typeof spawn>>();
      const enter = (): void => {
        const member = spawn(process.execPath, [file], { cwd: folder, stdio: 'ignore' });
        members.add(member);
        member.on('exit', () => members.delete(member));
      };
      for (let n = 0; n < 3; n++) enter();
      const count = (): number =>
        readFileSync(log.path, 'utf8')
          .split('\n')
          .filter((line) => /^\d/.test(line)).length;
      await becomes(() => count() > 5);
      const rounds = Number(process.env['HEDDLE_CLUSTER_ROUNDS'] ?? 6);
      for (let round = 0; round < rounds; round++) {
        const all = [...members];
        const victim = all[round % all.length]!;
        const before = count();
        if (round % 3 === 2) {
          victim.kill('SIGKILL');
          enter();
        } else {
          victim.kill('SIGSTOP');
          // The others go on, whatever it held.
          await becomes(() => count() > before + 3);
          victim.kill('SIGCONT');
        }
        await becomes(() => count() > before + 4);
      }
      const left = [...members];
      const gone = left.map((member) => new Promise((resolve) => member.on('exit', resolve)));
      for (const member of left) member.kill('SIGKILL');
      await Promise.all(gone);
      const accepted = log
        .lines()
        .filter((line) => /^\d/.test(line))
        .map((line) => line.split(' ').map(BigInt) as [bigint, bigint, bigint]);
      // Each value was replaced once: nobody has written over what it had not read. A killed one may have written without telling.
      const replaced = accepted.map(([, value]) => value);
      assert.equal(new Set(replaced).size, replaced.length, 'two writes were accepted for the same value');
      const byToken = [...accepted].sort(([one], [next]) => (one < next ? -1 : 1));
      for (const [at, [, value]] of byToken.entries()) {
        if (at > 0) assert.ok(value > byToken[at - 1]![1], 'a later token has seen an older value');
      }
    });
  });
}
