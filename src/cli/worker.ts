// heddle worker: a worker of a cluster.
//
//   starts ──▶ takes tasks ──SIGTERM, SIGINT──▶ drains: finishes what runs, takes no more ──▶ ends with 0
//                                              a second signal ends it at once, with 1

import { startWorker, type WorkerOptions } from '../cluster.js';
import { readText } from '../platform/files.js';
import { serveHealth } from '../platform/health.js';
import { type Subcommand, UsageError } from './subcommand.js';
import { readWords } from './words.js';

const usage = `usage: heddle worker --address <address> [options]

Takes tasks of a cluster, and runs them on threads. The key of the cluster is the text in the environment variable HEDDLE_CLUSTER_KEY.

  --address <address>     of the engine: redis:// rediss:// valkey:// postgres://
  --threads <n>           how many tasks run at the same time; default: the number of cores
  --root <folder>         whose node_modules tasks use; default: this one
  --queue <name>          takes tasks of this queue; may be given several times; default: default
  --namespace <name>      of several clusters on one server; default: heddle
  --versions <policy>     compatible (default) or exact: which versions of packages will do
  --max-bytes <n>         bytes that a task or an outcome may have; default: 67108864
  --health <port>         answers on this port whether it is well: 200 or 503
  --private-key <file>    instead of the variable, with --public-key: an ed25519 pair, in PEM
  --public-key <file>     whose signatures it accepts; may be given several times`;

const number = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new UsageError(`--${name} takes a number, not '${text}'`);
  return Number(text);
};

function readKey(privateKey: string | undefined, publicKeys: readonly string[]): WorkerOptions['key'] {
  const file = (path: string): string => {
    const text = readText(path);
    if (text === undefined) throw new UsageError(`the key file '${path}' cannot be read`);
    return text;
  };
  if (privateKey !== undefined || publicKeys.length > 0) {
    if (privateKey === undefined || publicKeys.length === 0) {
      throw new UsageError('a pair of keys takes both --private-key and --public-key');
    }
    return { privateKey: file(privateKey), publicKey: publicKeys.map(file) };
  }
  const key = process.env['HEDDLE_CLUSTER_KEY'];
  if (key === undefined || key === '') {
    throw new UsageError(
      'there is no key: put the key of the cluster into the environment variable HEDDLE_CLUSTER_KEY',
    );
  }
  // What a task starts must not find it.
  delete process.env['HEDDLE_CLUSTER_KEY'];
  return key;
}

async function main(words: readonly string[]): Promise<number> {
  const said = readWords(words, {
    one: ['address', 'threads', 'root', 'namespace', 'versions', 'max-bytes', 'health', 'private-key'],
    many: ['queue', 'public-key'],
  });
  const { address, root = process.cwd(), namespace, versions } = said.one;
  if (address === undefined) throw new UsageError('--address is missing: where is the engine?');
  const queues = said.many['queue'];
  const worker = await startWorker({
    address,
    key: readKey(said.one['private-key'], said.many['public-key'] ?? []),
    root,
    maxWorkers: number('threads', said.one['threads']),
    maxBytes: number('max-bytes', said.one['max-bytes']),
    versions: versions as WorkerOptions['versions'],
    namespace,
    queues,
  });
  let draining = false;
  const port = number('health', said.one['health']);
  const health =
    port === undefined
      ? undefined
      : await serveHealth(port, async () => ({ well: !draining, running: draining ? [] : await worker.running() }));
  console.error(
    `heddle worker ${process.pid} takes tasks${queues === undefined ? '' : ` of ${queues.join(', ')}`}` +
      (health === undefined ? '' : `; health on port ${health.port}`),
  );
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (draining) process.exit(1);
        draining = true;
        console.error(`heddle worker ${process.pid} finishes what runs, and takes no more`);
        resolve();
      });
    }
  });
  await worker.close();
  health?.close();
  console.error(`heddle worker ${process.pid} has ended`);
  return 0;
}

export const command: Subcommand = { usage, main };
