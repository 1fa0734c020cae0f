// Traces: what they hold, and the page that shows them.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { type Outcome, program } from '../support/program.ts';

interface Event {
  readonly ph: string;
  readonly tid: number;
  readonly name: string;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

const folder = mkdtempSync(join(tmpdir(), 'heddle-trace-'));
let outcome: Outcome;
let events: readonly Event[];
let page: string;

before(async () => {
  outcome = await program(
    `import { Event, Lock, RLock, shared, Thread, threadDump, ThreadPoolExecutor } from 'heddle';
const till = new Lock({ name: 'till' });
const inner = new RLock({ name: 'inner' });
const waits = new Event({ name: 'all here' });
const state = shared({ here: 0 });
function serve() {
  till.with(() => { if (++state.here === 2) waits.set(); });
  waits.wait();
  for (let n = 0; n < 20; n++) till.with(() => inner.with(() => inner.with(() => {})));
}
const threads = ['ada', 'bob'].map((name) => new Thread(serve, { name }));
till.acquire();
for (const thread of threads) thread.start();
while (threadDump().split("waits for acquire() of lock 'till'").length < 3);
till.release();
const pool = new ThreadPoolExecutor({ maxWorkers: 2, threadNamePrefix: 'pool' });
function square(n) { if (n === 3) throw new Error('three'); return n * n; }
const futures = [1, 2, 3].map((n) => pool.submit(square, n));
for (const future of futures) future.exception();
pool.shutdown();
for (const thread of threads) thread.join();
`,
    { env: { HEDDLE_TRACE: join(folder, 'out.json') } },
  );
  events = (JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')) as { traceEvents: Event[] }).traceEvents;
  page = readFileSync(join(folder, 'out.html'), 'utf8');
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('the program ends as ever, and a line says where the trace is', () => {
  assert.equal(outcome.status, 0);
  assert.equal(outcome.stdout, '');
  assert.match(
    outcome.stderr,
    /^heddle trace: \d threads, \d+ events in \S+out\.json and \S+out\.html; running \d+%, waiting \d+%, the most for .+\n$/,
  );
});

test('slices of a thread lie inside each other or apart', () => {
  for (const tid of new Set(events.map((event) => event.tid))) {
    const slices = events.filter((event) => event.tid === tid && event.ph === 'X' && event.cat !== 'submit');
    const open: number[] = [];
    for (const { ts = 0, dur = 0 } of slices.toSorted((a, b) => a.ts! - b.ts! || b.dur! - a.dur!)) {
      assert.ok(dur >= 0, String(dur));
      while (open.length > 0 && open.at(-1)! <= ts) open.pop();
      assert.ok(open.length === 0 || ts + dur <= open.at(-1)! + 1e-3, `thread ${tid}`);
      open.push(ts + dur);
    }
  }
});

test('arrows have two ends, in order', () => {
  const ends = new Map<string, Event[]>();
  for (const event of events) {
    if (event.ph !== 's' && event.ph !== 'f') continue;
    ends.set(event.id!, [...(ends.get(event.id!) ?? []), event]);
  }
  assert.ok(ends.size > 0);
  for (const [id, pair] of ends) {
    assert.deepEqual(pair.map(({ ph }) => ph).toSorted(), ['f', 's'], id);
    assert.ok(pair.find(({ ph }) => ph === 's')!.ts! <= pair.find(({ ph }) => ph === 'f')!.ts!);
  }
  assert.equal(events.filter(({ ph, cat }) => ph === 'f' && cat === 'submit').length, 3);
  assert.ok(events.some(({ ph, cat }) => ph === 'f' && cat === 'hand over'));
});

test('what is held is let go of before it is held again', () => {
  const held = new Set<string>();
  for (const { ph, id = '' } of events.filter((event) => event.cat === 'held')) {
    assert.equal(held.has(id), ph === 'e', id);
    if (ph === 'b') held.add(id);
    else held.delete(id);
  }
  assert.deepEqual([...held], []);
  const names = new Set(events.filter(({ ph }) => ph === 'b').map(({ name }) => name));
  assert.ok(names.has("lock 'till'") && names.has("RLock 'inner'"), [...names].join());
});

test('threads, tasks and waits have their names, and a wait who has what it is for', () => {
  const names = new Set(events.filter(({ cat }) => cat === 'thread').map(({ name }) => name));
  for (const name of ['MainThread', 'ada', 'bob', 'pool_0']) assert.ok(names.has(name), name);
  assert.equal(events.filter(({ cat, name }) => cat === 'task' && name === 'square').length, 3);
  const wait = events.find(({ cat, name }) => cat === 'wait' && /^acquire\(\) of lock 'till'/.test(name));
  assert.equal(wait?.args?.['heldBy'], 1);
  assert.equal(wait?.args?.['got'], true);
});

/** A stand-in for a browser: what the page asks for, and how often it draws. */
function browser(data: string) {
  let drawn = 0;
  const listeners = new Map<string, (event: unknown) => void>();
  const texts: string[] = [];
  const context = new Proxy({} as Record<string, unknown>, {
    get: (_, name) =>
      ({ fillRect: () => drawn++, fillText: (text: string) => texts.push(text) })[String(name)] ?? (() => {}),
    set: () => true,
  });
  const element = (id: string) => ({
    id,
    style: {},
    clientWidth: 1_200,
    textContent: id === 'data' ? data : '',
    getContext: () => context,
    addEventListener: (type: string, listener: (event: unknown) => void) => listeners.set(`${id} ${type}`, listener),
    querySelector: () => ({ insertRow: () => ({ insertCell: () => ({}) }) }),
  });
  const elements = new Map<string, ReturnType<typeof element>>();
  const globals = {
    document: {
      documentElement: {},
      getElementById(id: string) {
        if (!elements.has(id)) elements.set(id, element(id));
        return elements.get(id);
      },
    },
    getComputedStyle: () => ({ getPropertyValue: () => '#000' }),
    matchMedia: () => ({ addEventListener() {} }),
    addEventListener() {},
    window: { devicePixelRatio: 1 },
    innerWidth: 1_200,
  };
  return { globals, listeners, elements, texts, drawn: () => drawn };
}

const scriptOf = (html: string): string => /<script>('use strict'[\s\S]*)<\/script>/.exec(html)![1]!;

test('the page has all that it needs, draws, zooms and finds', () => {
  assert.doesNotMatch(page, /(src|href)=|https?:/);
  const data = /<script type="application\/json" id="data">(.*)<\/script>/.exec(page)![1]!;
  const { globals, listeners, elements, texts, drawn } = browser(data);
  runInNewContext(scriptOf(page), globals);
  assert.ok(drawn() > 20, String(drawn()));
  assert.ok(
    texts.some((text) => text.includes('ada')),
    texts.join('\n'),
  );
  listeners.get('search input')!({ target: { value: 'till' } });
  assert.match(elements.get('matches')!.textContent, /^\d+ found$/);
  listeners.get('search keydown')!({ key: 'Enter' });
  assert.match(elements.get('range')!.textContent, / of /);
  listeners.get('view wheel')!({ preventDefault() {}, deltaX: 0, deltaY: 1, offsetX: 600 });
});

test('a hundred thousand events are drawn as few', () => {
  const many = Array.from({ length: 100_000 }, (_, n) => {
    return { ph: 'X', tid: 1 + (n % 4), name: 'task', cat: 'task', ts: n * 10, dur: 8 };
  });
  const { globals, drawn } = browser(JSON.stringify({ traceEvents: many }));
  runInNewContext(scriptOf(page), globals);
  assert.ok(drawn() < 10_000, `${drawn()} rectangles`);
});
