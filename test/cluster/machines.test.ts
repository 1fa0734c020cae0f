// Two machines with a network between: namespaces of the kernel's, each with a wire of its own to this one. One wire is pulled, and put back. It takes
// the rights to make namespaces, and the command `ip`.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Cluster, currentTask } from 'heddle/cluster';
import { journal } from './journal.ts';
import { startProxy, type Proxy as Wire } from './proxy.ts';
import { find, kinds, type Server } from './servers.ts';
import { endAll, KEY, startWorkerProcess, type WorkerProcess } from './workers.ts';

const LEASE = 3_000;
const ip = (...words: string[]): unknown => execFileSync('ip', words, { stdio: 'ignore' });
const id = `hd${process.pid % 10000}`;
const space = (n: number): string => `${id}n${n}`;
const wire = (n: number): string => `${id}w${n}`;
const net = (n: number): string => `10.77.${(process.pid % 120) * 2 + n}`;

function whyNot(): string | false {
  if (find('ip') === undefined) return 'the command ip is not in the PATH';
  try {
    ip('netns', 'add', `${id}try`);
    ip('netns', 'del', `${id}try`);
    return false;
  } catch {
    return 'network namespaces are not allowed here';
  }
}

const kind = kinds.find(({ start }) => start !== undefined)!;

describe('two machines', { skip: whyNot() }, () => {
  let server: Server;
  let cluster: Cluster;
  const proxies: Wire[] = [];
  const workers: WorkerProcess[] = [];

  before(async () => {
    server = await kind.start!();
    cluster = await Cluster.connect({ address: server.address, key: KEY });
    for (const n of [0, 1]) {
      ip('netns', 'add', space(n));
      ip('link', 'add', wire(n), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space(n));
      ip('addr', 'add', `${net(n)}.1/24`, 'dev', wire(n));
      ip('link', 'set', wire(n), 'up');
      ip('-n', space(n), 'addr', 'add', `${net(n)}.2/24`, 'dev', 'eth0');
      ip('-n', space(n), 'link', 'set', 'eth0', 'up');
      ip('-n', space(n), 'link', 'set', 'lo', 'up');
      proxies.push(await startProxy(server.port, `${net(n)}.1`));
    }
  });

  after(async () => {
    await cluster.close();
    await endAll(workers);
    for (const proxy of proxies) proxy.close();
    await server.stop();
    for (const n of [0, 1]) ip('netns', 'del', space(n));
  });

  const begin = async (n: number, queue: string): Promise<WorkerProcess> => {
    const address = server.address.replace(`127.0.0.1:${server.port}`, `${net(n)}.1:${proxies[n]!.port}`);
    const before = ['ip', 'netns', 'exec', space(n)];
    const worker = await startWorkerProcess({ address, before, threads: 1, args: ['--queue', queue] });
    workers.push(worker);
    return worker;
  };

  test('one is cut off: its task is stopped there, and begun at the other; healed, it works again', async () => {
    const log = journal();
    const { path } = log;
    const [first] = [await begin(0, 'machines')];
    const future = cluster.executor({ queue: 'machines', lease: LEASE }).submit(() => {
      const { attempt } = currentTask();
      if (attempt === 2) {
        appendFileSync(path, `second ${Date.now()}\n`);
        return attempt;
      }
      appendFileSync(path, 'first\n');
      for (;;) appendFileSync(path, `alive ${Date.now()}\n`);
    });
    await log.until(/first/);
    ip('link', 'set', wire(0), 'down');
    await begin(1, 'machines');
    assert.equal(await future, 2);
    const time = (line: string | undefined): number => Number(line!.split(' ')[1]);
    const lines = log.lines();
    const alive = time(lines.filter((line) => line.startsWith('alive')).at(-1));
    assert.ok(alive < time(lines.find((line) => line.startsWith('second'))), 'both ran at the same time');
    await first!.says(/is stopped: for \d+ ms the engine has not said/);
    ip('link', 'set', wire(0), 'up');
    workers[1]!.kill('SIGKILL');
    await workers[1]!.over;
    // Only the one that was cut off is left.
    const where = await cluster.executor({ queue: 'machines', lease: LEASE }).submit(() => process.pid);
    assert.equal(where, first!.pid);
  });
});
