// Many tasks through two workers that are killed at random: each is counted once, none is lost, and those that were begun twice say so. 300 tasks;
// HEDDLE_CLUSTER_MANY=10000 for the long run.

import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Cluster } from 'heddle/cluster';
import { journal } from './journal.ts';
import { kinds } from './servers.ts';
import { endAll, KEY, startWorkerProcess } from './workers.ts';

const MANY = Number(process.env['HEDDLE_CLUSTER_MANY'] ?? 300);

for (const kind of kinds) {
  describe(kind.name, { skip: kind.skip ?? false }, () => {
    test(`${MANY} tasks, and workers that are killed`, async () => {
      const server = await kind.start!();
      const cluster = await Cluster.connect({ address: server.address, key: KEY });
      const begin = () => startWorkerProcess({ address: server.address, threads: 2 });
      const workers = [await begin(), await begin()];
      const log = journal();
      const { path } = log;
      const executor = cluster.executor({ lease: 2_000, retries: 20 });
      const futures = Array.from({ length: MANY }, (_, n) =>
        executor.submit((number: number) => {
          appendFileSync(path, `${number}\n`);
          return number;
        }, n),
      );
      const kills = Math.min(20, Math.max(2, MANY / 500));
      for (let kill = 1; kill <= kills; kill++) {
        // Where it is killed depends on how far it is, not on the time.
        await futures[Math.floor((kill * MANY) / (kills + 1))];
        const victim = workers.shift()!;
        victim.kill('SIGKILL');
        workers.push(await begin());
      }
      const results = await Promise.all(futures);
      assert.deepEqual(
        results,
        Array.from({ length: MANY }, (_, n) => n),
      );
      const runs = new Map<string, number>();
      for (const line of log.lines()) runs.set(line, (runs.get(line) ?? 0) + 1);
      assert.equal(runs.size, MANY, 'a task was never run');
      for (const [n, future] of futures.entries()) {
        assert.ok(future.attempts! >= 1);
        assert.ok(runs.get(String(n))! <= future.attempts!, `task ${n} ran more often than it was begun`);
      }
      await cluster.close();
      await endAll(workers);
      await server.stop();
    });
  });
}
