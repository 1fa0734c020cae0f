// The child process of first.ts: prints the processor time, in milliseconds, up to the first answer of a new worker, and then of a second one.
// It imports nothing before the clock runs.

type Start = () => Promise<void>;

/** The package as users have it. */
const HEDDLE = new URL('../joined/dist/index.js', import.meta.url).href;

async function threads(): Promise<Start> {
  const { startNewThread } = (await import(HEDDLE)) as typeof import('heddle');
  return async () => {
    const word = new Int32Array(new SharedArrayBuffer(8));
    startNewThread(
      (shared: Int32Array) => {
        Atomics.store(shared, 0, 1);
        Atomics.notify(shared, 0);
        // It stays, so that the next one is another worker.
        Atomics.wait(shared, 1, 0);
      },
      [word],
    );
    await Atomics.waitAsync(word, 0, 0).value;
  };
}

async function workers(): Promise<Start> {
  const { Worker } = await import('node:worker_threads');
  const source =
    "require('node:worker_threads').parentPort.on('message', (message) => { throw message; }).postMessage(1)";
  return () =>
    new Promise((resolve) => {
      new Worker(source, { eval: true }).on('message', () => resolve());
    });
}

function spent(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

// `Atomics.waitAsync` does not keep the event loop alive.
setInterval(() => {}, 1_000_000);
const begin = process.cpuUsage();
const start = await (process.argv[2] === 'threads' ? threads() : workers());
await start();
const first = spent(begin);
const middle = process.cpuUsage();
await start();
console.log(JSON.stringify([first, spent(middle)]));
process.exit();
