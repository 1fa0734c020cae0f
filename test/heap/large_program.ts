// Large values through everything that carries values, one style of program a run: `large_program.js <style> <values> <count>`. What is on
// its way at once is a few of them; prints the most that was alive at the end of a collection, in use, and resident.

import { EventEmitter } from 'node:events';
import {
  collect,
  configureHeap,
  heapStatistics,
  LifoQueue,
  onCollect,
  PriorityQueue,
  Queue,
  SharedMap,
  SimpleQueue,
  shared,
  Thread,
  ThreadPoolExecutor,
} from 'heddle';

/** Bytes of each value, and how many are on their way. */
const SIZE = 512 * 1024;
const AHEAD = 4;

const [style = '', values = 'text', rounds = '100', maxHeap = '48'] = process.argv.slice(2);
const count = Number(rounds);
configureHeap({ maxHeap: Number(maxHeap) * 2 ** 20 });
EventEmitter.defaultMaxListeners = 100;

const text = 'abcdefgh'.repeat(SIZE / 8);

interface Value {
  readonly text?: string;
  readonly n?: number;
}

/** The value of a round. Each is another. */
function make(n: number): unknown {
  const own = `${n}:`.padStart(16) + text.slice(16);
  switch (values) {
    case 'text':
      return own;
    case 'wide':
      return `ä${own.slice(SIZE / 2)}`;
    case 'record':
      return shared({ n, text: own });
    case 'plain':
      return { n, text: own };
    case 'buffer':
      return Buffer.from(own);
    case 'shared-buffer':
      return shared(Buffer.from(own));
    case 'small':
      return Array.from({ length: 512 }, (_, at) => shared({ n: at, text: own.slice(0, 900) }));
    default:
      throw new Error(`no such values: ${values}`);
  }
}

const most = { live: 0, committed: 0, resident: 0 };
function look(): void {
  const { liveBytes, committedBytes } = heapStatistics();
  most.live = Math.max(most.live, liveBytes);
  most.committed = Math.max(most.committed, committedBytes);
  most.resident = Math.max(most.resident, process.memoryUsage.rss());
}

/** How many bytes, or cells, a value has: it is looked at. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.length;
  const { text: own, length } = value as Value & { length?: number };
  return own !== undefined ? own.length : (length ?? 0);
}

type Line = Queue<unknown> | SimpleQueue<unknown>;

function line(): Line {
  const options = { maxSize: AHEAD };
  if (style.includes('lifo')) return new LifoQueue(options);
  if (style.includes('priority')) return new PriorityQueue(options);
  return style.includes('simple') ? new SimpleQueue() : new Queue(options);
}

async function throughQueue(): Promise<void> {
  const queue = line();
  const back = new Queue<number>();
  const mode = style.split('-').at(-1)!;
  const isBounded = queue instanceof Queue;
  const consumer = new Thread(
    async (queue: Line, back: Queue<number>, sized: (value: unknown) => number, mode: string, count: number) => {
      let taken = 0;
      if (mode === 'each') {
        for await (const value of queue) {
          back.put(sized(value));
          if (++taken === count) return;
        }
      }
      for (; taken < count; taken++) {
        const value =
          mode === 'async' ? await queue.getAsync() : mode === 'timed' ? queue.get({ timeout: 100_000 }) : queue.get();
        back.put(sized(value));
      }
    },
    { args: [queue, back, sizeOf, mode, count] },
  );
  consumer.start();
  let ahead = 0;
  for (let n = 0; n < count; n++) {
    // One that has no limit gets one so.
    if (!isBounded && ahead++ >= AHEAD) back.get();
    const priority = queue instanceof PriorityQueue ? { priority: style.includes('named') ? `p${n}` : n } : {};
    if (mode === 'async') await queue.putAsync(make(n), priority as object);
    else queue.put(make(n), (mode === 'timed' ? { ...priority, timeout: 100_000 } : priority) as object);
    if (n % 16 === 0) look();
  }
  await consumer.joinAsync();
}

async function throughExecutor(): Promise<void> {
  using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const sized = sizeOf;
  const measure = (value: unknown): number => sized(value);
  const makeThere = (n: number): unknown => `${n}:`.padStart(16) + 'abcdefgh'.repeat(65536 - 2);
  const makePlain = (n: number): unknown => ({ n, text: `${n}:`.padStart(16) + 'abcdefgh'.repeat(65536 - 2) });
  const makeBuffer = (n: number): unknown => Buffer.alloc(512 * 1024, n);
  const making = values === 'text' ? makeThere : values === 'buffer' ? makeBuffer : makePlain;
  if (style === 'arguments') {
    for (let n = 0; n < count; n++) {
      await pool.submit(measure, make(n));
      if (n % 16 === 0) look();
    }
  } else if (style === 'arguments-blocking') {
    for (let n = 0; n < count; n++) {
      pool.submit(measure, make(n)).result();
      if (n % 16 === 0) look();
    }
  } else if (style === 'results') {
    for (let n = 0; n < count; n++) {
      sizeOf(await pool.submit(making, n));
      if (n % 16 === 0) look();
    }
  } else if (style === 'results-blocking') {
    for (let n = 0; n < count; n++) {
      sizeOf(pool.submit(making, n).result());
      if (n % 16 === 0) look();
    }
  } else if (style === 'dropped') {
    // Nobody looks at the results.
    for (let n = 0; n < count; n++) {
      const future = pool.submit(making, n);
      while (!future.done()) await new Promise((resolve) => setTimeout(resolve, 0));
      if (n % 16 === 0) look();
    }
  } else if (style === 'map') {
    const items = function* (): Generator<number> {
      for (let n = 0; n < count; n++) yield n;
    };
    let n = 0;
    for (const value of pool.map(making, items(), { bufferSize: AHEAD })) {
      sizeOf(value);
      if (n++ % 16 === 0) look();
    }
  } else if (style === 'map-async') {
    const items = function* (): Generator<unknown> {
      for (let n = 0; n < count; n++) yield make(n);
    };
    let n = 0;
    for await (const size of pool.map(measure, items(), { bufferSize: AHEAD })) {
      if ((size as number) < 512) throw new Error('a value was lost');
      if (n++ % 16 === 0) look();
    }
  }
}

async function throughPlace(): Promise<void> {
  const map = new SharedMap<string, unknown>();
  const place = shared({ value: null as unknown, turn: 0, seen: 0 });
  const first = make(0);
  map.set('value', first);
  place.value = first;
  const reader = new Thread(
    (
      map: SharedMap<string, unknown>,
      place: { value: unknown; turn: number; seen: number },
      sized: (value: unknown) => number,
      style: string,
    ) => {
      let reads = 0;
      while (place.turn >= 0) {
        const value = style === 'entry' ? map.get('value') : place.value;
        if (sized(value) < 512) throw new Error('a value was lost');
        place.seen = ++reads;
      }
    },
    { args: [map, place, sizeOf, style] },
  );
  reader.start();
  for (let n = 1; n < count; n++) {
    const value = make(n);
    if (style === 'entry') map.set('value', value);
    else place.value = value;
    const seen = place.seen;
    while (place.seen < seen + 2) if (!reader.isAlive) throw new Error('the reader has died');
    if (n % 16 === 0) look();
  }
  place.turn = -1;
  await reader.joinAsync();
}

const stop = onCollect(look);
if (/queue|lifo|priority|simple/.test(style)) await throughQueue();
else if (style === 'entry' || style === 'field') await throughPlace();
else await throughExecutor();
stop();
const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 18) / 4;
const after = megabytes(collect().liveBytes);
console.log(
  JSON.stringify({
    style,
    values,
    live: megabytes(most.live),
    committed: megabytes(most.committed),
    peak: megabytes(heapStatistics().peakBytes),
    resident: megabytes(most.resident),
    after,
    collections: heapStatistics().collections,
  }),
);
