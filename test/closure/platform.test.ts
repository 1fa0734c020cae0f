// What the platform makes, by every way that a value can travel: it arrives equal and usable, or the sender gets a CaptureError that
// names it. The ways are the rows of WAYS; the values those of ARRIVING and STAYING.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import crypto from 'node:crypto';
import { createSocket } from 'node:dgram';
import { channel } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { EventEmitter, errorMonitor } from 'node:events';
import fs, { openAsBlob } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import qs from 'node:querystring';
import { PassThrough, Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { test } from 'node:test';
import url from 'node:url';
import util from 'node:util';
import vm from 'node:vm';
import { MessageChannel } from 'node:worker_threads';
import zlib from 'node:zlib';
import { collect, Queue, run, Thread } from 'heddle';
import { H_EXTERNAL } from '#heddle/memory/layout.js';
import { V } from '#heddle/memory/memory.js';
import { becomes } from '../support/counter.ts';

// biome-ignore lint/suspicious/noExplicitAny: the values are of all types, and some of none that this compiler knows
type Any = any;

/** A value, and what is asked of it here and there: the answers, flat data, must be the same. */
interface Arriving {
  readonly make: () => Any;
  readonly ask: (value: Any) => unknown;
  /** What arrives looks like what this makes; none = like what was made. */
  readonly home?: () => Any;
}

const arriving = (make: () => Any, ask: (value: Any) => unknown): Arriving => ({ make, ask });

const globals = globalThis as unknown as Record<string, Any>;
const has = (name: string): boolean => globals[name] !== undefined;

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBODCB66ADAgECAhRr53Le9RCq9J/pdhBMHBQtzmIvhzAFBgMrZXAwETEPMA0G
A1UEAwwGaGVkZGxlMCAXDTI2MTEzMDIyMjg0MFoYDzIxMjYxMTA2MjIyODQwWjAR
MQ8wDQYDVQQDDAZoZWRkbGUwKjAFBgMrZXADIQDbrfFAnxRuCkzMhiwGjcgk8PkG
SWFUkeX5C3DNL+AP+aNTMFEwHQYDVR0OBBYEFBd0uU1AnoDHytOIRliy2Kx/9ewE
MB8GA1UdIwQYMBaAFBd0uU1AnoDHytOIRliy2Kx/9ewEMA8GA1UdEwEB/wQFMAMB
Af8wBQYDK2VwA0EAW/vIIS48afCjZA4M9+7UCBM5QLtAV2yvIq68F7GueI9+HdJe
MYKN/wgB3R8gZ2Zny4EpMLhYT5rWzoY067qoCQ==
-----END CERTIFICATE-----`;

const EMPTY_MODULE = [0, 97, 115, 109, 1, 0, 0, 0];

const CAPTURED = { map: new Map([['a', new Date(5)]]), set: new Set([1]), date: new Date(7) };
const keys = crypto.generateKeyPairSync('ed25519');
const secret = crypto.createSecretKey(Buffer.from('0123456789abcdef'));
const webKey = await crypto.webcrypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);

const ARRIVING: Record<string, Arriving> = {
  Blob: arriving(
    () => new Blob(['ab', 'c'], { type: 'text/plain' }),
    async (blob: Blob) => [blob instanceof Blob, blob.size, blob.type, await blob.text()],
  ),
  File: arriving(
    () => new File(['abc'], 'a.txt', { type: 'text/plain', lastModified: 5 }),
    async (file: File) => [file instanceof File, file.name, file.lastModified, file.type, await file.text()],
  ),
  'a secret KeyObject': arriving(
    () => secret,
    (key: crypto.KeyObject) => [
      key instanceof crypto.KeyObject,
      key.type,
      crypto.createHmac('sha1', key).update('x').digest('hex'),
    ],
  ),
  'a private KeyObject': arriving(
    () => keys.privateKey,
    (key: crypto.KeyObject) => [key.asymmetricKeyType, crypto.sign(null, Buffer.from('x'), key).toString('hex')],
  ),
  'a public KeyObject': arriving(
    () => keys.publicKey,
    (key: crypto.KeyObject) => key.export({ type: 'spki', format: 'pem' }),
  ),
  CryptoKey: arriving(
    () => webKey,
    async (key: crypto.webcrypto.CryptoKey) => [
      key.type,
      key.extractable,
      Buffer.from(await crypto.webcrypto.subtle.sign('HMAC', key, Buffer.from('x'))).toString('hex'),
    ],
  ),
  X509Certificate: arriving(
    () => new crypto.X509Certificate(CERTIFICATE),
    (certificate: crypto.X509Certificate) => [certificate.subject, certificate.fingerprint],
  ),
  BlockList: arriving(
    () => {
      const list = new net.BlockList();
      list.addSubnet('10.0.0.0', 8);
      return list;
    },
    (list: net.BlockList) => [list.rules, list.check('10.1.2.3'), list.check('11.1.2.3')],
  ),
  SocketAddress: arriving(
    () => new net.SocketAddress({ address: '1.2.3.4', port: 5 }),
    ({ address, port, family }: net.SocketAddress) => [address, port, family],
  ),
  Histogram: arriving(
    () => {
      const histogram = createHistogram();
      histogram.record(5);
      return histogram;
    },
    ({ count, max }) => [count, max],
  ),
  'WebAssembly.Module': arriving(
    () => new globals['WebAssembly'].Module(Uint8Array.from(EMPTY_MODULE)),
    (module) => [
      module instanceof globals['WebAssembly'].Module,
      Object.keys(new globals['WebAssembly'].Instance(module).exports),
    ],
  ),
  'a shared WebAssembly.Memory': arriving(
    () => {
      const memory = new globals['WebAssembly'].Memory({ initial: 1, maximum: 2, shared: true });
      new Uint8Array(memory.buffer)[3] = 7;
      return memory;
    },
    (memory) => [new Uint8Array(memory.buffer)[3], memory.buffer.byteLength],
  ),
  'fs.Stats': arriving(
    () => fs.statSync(process.execPath),
    (stats: fs.Stats) => [
      stats instanceof fs.Stats,
      stats.isFile(),
      stats.size,
      stats.mtimeMs,
      stats.mtime,
      stats.mtime.getTime(),
    ],
  ),
  'fs.BigIntStats': arriving(
    () => fs.statSync(process.execPath, { bigint: true }),
    (stats: fs.BigIntStats) => [stats.isFile(), stats.isDirectory(), stats.size, stats.mtime],
  ),
  'fs.StatFs': arriving(
    () => fs.statfsSync(process.execPath),
    ({ type, bsize, blocks }: fs.StatsFs) => [type, bsize, blocks],
  ),
  'an array of fs.Dirent': arriving(
    () => fs.readdirSync(os.tmpdir(), { withFileTypes: true }).slice(0, 3),
    (entries: fs.Dirent[]) =>
      entries.map((entry) => [entry instanceof fs.Dirent, entry.name, entry.isFile(), entry.isDirectory()]),
  ),
  PerformanceMark: arriving(
    () => new PerformanceMark('m', { startTime: 3, detail: { a: [1] } }),
    (mark) => [
      mark instanceof PerformanceMark,
      mark.name,
      mark.entryType,
      mark.startTime,
      mark.detail,
      JSON.stringify(mark),
    ],
  ),
  PerformanceMeasure: arriving(
    () => performance.measure('x', { start: 1, end: 3, detail: 4 }),
    (measure) => [measure instanceof PerformanceMeasure, measure.name, measure.duration, measure.detail],
  ),
  'url.parse()': arriving(
    () => url.parse('http://u@a:8/b?c=d#e', true),
    (parsed: Any) => [parsed instanceof (url as Any).Url, parsed.host, { ...parsed.query }, parsed.format()],
  ),
  URL: arriving(
    () => Object.assign(new URL('http://a/b?c=d'), { note: [1] }),
    (parsed: URL & { note: number[] }) => [
      parsed.note,
      parsed instanceof URL,
      parsed.href,
      parsed.searchParams.get('c'),
    ],
  ),
  URLSearchParams: arriving(
    () => new URLSearchParams('a=1&a=2'),
    (params: URLSearchParams) => params.getAll('a'),
  ),
  Headers: arriving(
    () =>
      new Headers([
        ['a', 'b'],
        ['set-cookie', 'x=1'],
        ['set-cookie', 'y=2'],
      ]),
    (headers: Headers) => [headers instanceof Headers, [...headers], headers.getSetCookie()],
  ),
  FormData: arriving(
    () => {
      const form = new FormData();
      form.append('a', '1');
      form.append('a', '2');
      form.append('f', new File(['xyz'], 'f.txt'));
      return form;
    },
    async (form: FormData) => [form.getAll('a'), (form.get('f') as File).name, await (form.get('f') as File).text()],
  ),
  'an AbortSignal that is aborted': arriving(
    () => AbortSignal.abort({ because: 1 }),
    (signal: AbortSignal) => [signal instanceof AbortSignal, signal.aborted, signal.reason],
  ),
  'DOMException with a cause': arriving(
    () => new DOMException('stop', { name: 'AbortError', cause: { a: [1] } } as never),
    (error: DOMException & { cause: unknown }) => [
      error instanceof DOMException,
      error.name,
      error.message,
      error.code,
      (error.cause as { a: number[] } | undefined)?.a,
      error.stack?.split('\n').slice(0, 2),
    ],
  ),
  TextEncoder: arriving(
    () => new TextEncoder(),
    (encoder: TextEncoder) => [...encoder.encode('ä')],
  ),
  TextDecoder: arriving(
    () => new TextDecoder('utf-16le', { fatal: true }),
    (decoder: TextDecoder) => [decoder.encoding, decoder.fatal, decoder.decode(Uint8Array.of(65, 0))],
  ),
  MIMEType: arriving(
    () => new util.MIMEType('text/html; charset=utf-8'),
    (type: util.MIMEType) => [type instanceof util.MIMEType, String(type), type.params.get('charset')],
  ),
  'a diagnostics channel': arriving(
    () => channel('heddle-test'),
    (given: ReturnType<typeof channel>) => [given.name, given === channel('heddle-test')],
  ),
  'an EventEmitter': arriving(
    () => new EventEmitter({ captureRejections: true }).on('x', () => {}),
    (emitter: EventEmitter) => [
      emitter instanceof EventEmitter,
      emitter.listenerCount('x'),
      Object.getOwnPropertySymbols(emitter).map((symbol) => (emitter as never)[symbol]),
    ],
  ),
  'querystring.parse()': arriving(
    () => qs.parse('a=1&a=2'),
    (parsed: qs.ParsedUrlQuery) => [Object.getPrototypeOf(parsed), parsed['a']],
  ),
  'os.userInfo()': arriving(
    () => os.userInfo(),
    (user: os.UserInfo<string>) => user.homedir,
  ),
  'a copy of process.env': arriving(
    () => ({ ...process.env }),
    (environment: NodeJS.ProcessEnv) => Object.keys(environment).length,
  ),
  'what exec() gives': arriving(
    () => /(?<a>b)/d.exec('abc'),
    (match: RegExpExecArray) => [match[0], match.index, match.input, { ...match.groups }],
  ),
  'the arguments of a call': arriving(
    () =>
      (
        function () {
          return arguments;
        } as Any
      )(1, 'b'),
    (given: IArguments) => [Object.prototype.toString.call(given), given.length, given[1]],
  ),
  'fs of require()': arriving(
    () => fs,
    (given: typeof fs) => given === fs,
  ),
  'a captured Map, Set and Date': arriving(
    () => CAPTURED,
    ({ map, set, date }: typeof CAPTURED) => [map, set, date, map.get('a')],
  ),
  'process.stdout': arriving(
    () => process.stdout,
    (stream) => stream === process.stdout,
  ),
  'a file-backed error': arriving(
    () => {
      try {
        fs.readFileSync('/does/not/exist');
        return undefined;
      } catch (error) {
        return error;
      }
    },
    (error: NodeJS.ErrnoException) => [error instanceof Error, error.code, error.syscall, error.path, error.message],
  ),
  'a typed array on a resizable buffer': arriving(
    () => new Uint8Array(new (ArrayBuffer as Any)(4, { maxByteLength: 8 })).fill(3),
    (view: Uint8Array) => [...view, (view.buffer as Any).maxByteLength],
  ),
};

const { Intl: intl } = globals as { Intl: Record<string, new (...options: unknown[]) => Any> };
const FORMATS: [name: string, options: unknown[], ask: (format: Any) => unknown][] = [
  [
    'Collator',
    ['de-u-co-phonebk', { numeric: true }],
    (collator) => [collator.compare('ä', 'af'), collator.compare('2', '10')],
  ],
  ['Collator', [], (collator) => collator.compare('a', 'B')],
  ['DateTimeFormat', ['en', { dateStyle: 'full', timeStyle: 'long', timeZone: 'UTC' }], (format) => format.format(0)],
  ['DateTimeFormat', ['en', { hour: 'numeric', hourCycle: 'h24', timeZone: 'UTC' }], (format) => format.format(0)],
  ['DateTimeFormat', ['ja-u-ca-japanese', { era: 'short', timeZone: 'Asia/Tokyo' }], (format) => format.format(0)],
  ['DateTimeFormat', [], (format) => format.format(0)],
  ['DisplayNames', ['fr', { type: 'region', style: 'short' }], (names) => names.of('US')],
  ['DurationFormat', ['en', { style: 'digital' }], (format) => format.format({ hours: 1, minutes: 2 })],
  ['ListFormat', ['en', { type: 'disjunction' }], (format) => format.format(['a', 'b'])],
  ['Locale', ['de-u-ca-buddhist'], (locale) => [locale.calendar, String(locale)]],
  [
    'NumberFormat',
    ['de', { style: 'currency', currency: 'EUR', currencySign: 'accounting' }],
    (format) => format.format(-1234.5),
  ],
  ['NumberFormat', ['en', { notation: 'compact' }], (format) => format.format(12345)],
  ['NumberFormat', ['en', { maximumSignificantDigits: 3 }], (format) => format.format(12345.678)],
  [
    'NumberFormat',
    [
      'ar-EG',
      { style: 'unit', unit: 'liter', roundingIncrement: 5, maximumFractionDigits: 2, minimumFractionDigits: 2 },
    ],
    (format) => format.format(12.34),
  ],
  ['PluralRules', ['en', { type: 'ordinal' }], (rules) => rules.select(2)],
  ['RelativeTimeFormat', ['en', { numeric: 'auto' }], (format) => format.format(-1, 'day')],
  [
    'Segmenter',
    ['en', { granularity: 'word' }],
    (segmenter) => [...segmenter.segment('a b')].map(({ segment }) => segment),
  ],
];
for (const [name, options, ask] of FORMATS) {
  if (intl[name] === undefined) continue;
  ARRIVING[`Intl.${name} ${JSON.stringify(options)}`] = arriving(
    () => new intl[name]!(...options),
    (format) => [format instanceof intl[name]!, format.resolvedOptions?.(), ask(format)],
  );
}

/** What Node exports behind getters, in objects, and as symbols: the thread's own. */
const EXPORTED: Record<string, () => Any> = {
  'fs.ReadStream': () => fs.ReadStream,
  'net.BlockList': () => net.BlockList,
  'util.aborted': () => util.aborted,
  'crypto.getRandomValues': () => crypto.getRandomValues,
  'path.win32.join': () => path.win32.join,
  'dns.promises.lookup': () => dns.promises.lookup,
  'process.report': () => process.report,
  'events.errorMonitor': () => errorMonitor,
  'vm.constants': () => vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
};
for (const [name, get] of Object.entries(EXPORTED)) ARRIVING[name] = arriving(get, (value) => value === get());
if (has('Temporal')) {
  for (const name of ['Now', 'PlainDate']) {
    ARRIVING[`Temporal.${name} itself`] = arriving(
      () => globals['Temporal'][name],
      (value) => value === globals['Temporal'][name],
    );
  }
  for (const [name, text] of [
    ['Instant', '2020-01-01T00:00:00.123456789Z'],
    ['PlainDate', '2020-02-29[u-ca=hebrew]'],
    ['PlainDateTime', '2020-02-29T01:02:03.000000004'],
    ['PlainMonthDay', '02-29'],
    ['PlainTime', '01:02:03.5'],
    ['PlainYearMonth', '2020-02'],
    ['ZonedDateTime', '2020-02-29T01:02:03+01:00[Europe/Berlin]'],
    ['Duration', 'P1Y2DT1.5S'],
  ] as const) {
    ARRIVING[`Temporal.${name}`] = arriving(
      () => globals['Temporal'][name].from(text),
      (value) => [value instanceof globals['Temporal'][name], String(value)],
    );
  }
  ARRIVING['a Temporal.Duration that is not balanced'] = arriving(
    () => globals['Temporal'].Duration.from({ milliseconds: 1500 }),
    (duration) => [duration.seconds, duration.milliseconds],
  );
}
if (has('QuotaExceededError')) {
  ARRIVING['QuotaExceededError'] = arriving(
    () => new globals['QuotaExceededError']('full', { quota: 5, requested: 7 }),
    (error) => [error instanceof globals['QuotaExceededError'], error.message, error.quota, error.requested],
  );
}

/** Made in another context of the `vm` module, as Jest and vitest make what tests make. */
const FOREIGN: Record<string, [text: string, ask: (value: Any) => unknown]> = {
  object: ['({ a: 1, b: { c: [1, 2] } })', (value) => [isOwn(value), isOwn(value.b), value]],
  array: ['[1, { a: 2 }]', (value) => [Array.isArray(value), isOwn(value), value.map((each: unknown) => each)]],
  Map: ['new Map([["k", { a: 1 }]])', (value) => [value instanceof Map, value.get('k')]],
  Set: ['new Set([1, 2])', (value) => [value instanceof Set, [...value]]],
  Date: ['new Date(5)', (value) => [value instanceof Date, value.getTime()]],
  RegExp: ['/a/gi', (value) => [value instanceof RegExp, String(value), value.test('A')]],
  error: [
    'new TypeError("x", { cause: { a: 1 } })',
    (value) => [value instanceof TypeError, value.message, value.cause],
  ],
  'typed array': ['Uint8Array.of(1, 2)', (value) => [value instanceof Uint8Array, [...value]]],
  DataView: ['new DataView(new ArrayBuffer(2))', (value) => [value instanceof DataView, value.byteLength]],
  ArrayBuffer: ['new ArrayBuffer(3)', (value) => [value instanceof ArrayBuffer, value.byteLength]],
  instance: [
    'new (class P { x = 1; get y() { return this.x + 1; } })()',
    (value) => [value.constructor.name, value.x, value.y],
  ],
  function: [
    '(function f(a) { return a + offset + Math.max(1, 2); })',
    (value) => [value instanceof Function, value(1)],
  ],
  'async function': ['(async () => [1])', async (value) => (await value()).length],
  'function of the language': ['Math.max', (value) => [value === Math.max]],
  'boxed text': ['new String("a")', (value) => [value instanceof String, String(value)]],
  'Intl.NumberFormat': ['new Intl.NumberFormat("de")', (value) => value.format(1234.5)],
  'frozen object': ['Object.freeze({ a: 1 })', (value) => [Object.isFrozen(value), value.a]],
  'URL-like null prototype': [
    'Object.create(null, { a: { value: 1, enumerable: true } })',
    (value) => Object.keys(value),
  ],
};
const isOwn = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype;
};

/** What stays, and how the message names it. */
const STAYING: Record<string, { readonly make: () => Any; readonly named: RegExp }> = {};
const staying = (name: string, make: () => Any, named = RegExp(`an? ${name}\\b`)): void => {
  STAYING[name] = { make, named };
};
staying('Socket', () => new net.Socket());
staying('Server', () => http.createServer());
staying('datagram Socket', () => createSocket('udp4').unref(), /a Socket/);
staying('Readable', () => Readable.from([1]));
staying('PassThrough', () => new PassThrough());
staying('Gzip', () => zlib.createGzip());
staying('Hash', () => crypto.createHash('sha1'));
staying('Hmac', () => crypto.createHmac('sha1', 'a'));
staying('Cipheriv', () => crypto.createCipheriv('aes-128-gcm', Buffer.alloc(16), Buffer.alloc(12)));
staying('ECDH', () => crypto.createECDH('prime256v1'));
staying('Timeout', () => setTimeout(() => {}, 1e6).unref());
staying('Immediate', () => setImmediate(() => {}));
staying('AbortSignal', () => new AbortController().signal);
staying('AbortController', () => new AbortController());
staying('Event', () => new Event('x'));
staying('EventTarget', () => new EventTarget());
staying('Request', () => new Request('http://x'));
staying('Response', () => new Response('a'));
staying('StringDecoder', () => new StringDecoder());
staying('Script', () => new vm.Script('1'));
staying('Dir', () => {
  const dir = fs.opendirSync(os.tmpdir());
  dir.closeSync();
  return dir;
});
staying('AsyncLocalStorage', () => new AsyncLocalStorage(), /AsyncLocalStorage|kResourceStore/);
staying('Console', () => new console.Console(process.stdout));
staying('PerformanceObserver', () => new PerformanceObserver(() => {}));
staying('MessageChannel', () => {
  const both = new MessageChannel();
  both.port1.close();
  return both;
});
staying('TextEncoderStream', () => new globals['TextEncoderStream']());
staying('unshared Memory', () => new globals['WebAssembly'].Memory({ initial: 1 }), /a Memory/);
staying('Table', () => new globals['WebAssembly'].Table({ initial: 1, element: 'anyfunc' }));
staying(
  'Instance',
  () => new globals['WebAssembly'].Instance(new globals['WebAssembly'].Module(Uint8Array.from(EMPTY_MODULE))),
);
staying('WeakMap', () => new WeakMap());
staying('WeakRef', () => new WeakRef({}));
staying('FinalizationRegistry', () => new FinalizationRegistry(() => {}));
staying('Proxy', () => new Proxy({}, {}));
staying('generator', () => (function* () {})(), /a running generator/);
staying('iterator of an array', () => [1].values(), /an iterator/);
staying('iterator of headers', () => new Headers().entries(), /an iterator/);
staying('iterator of another context', () => vm.runInNewContext('[1].values()'), /an iterator/);
staying('segments', () => new intl['Segmenter']!().segment('a'), /a native object/);
staying('detached buffer', () => gone().buffer, /its memory was transferred away/);
staying('view of a detached buffer', () => gone(), /its memory was transferred away/);
staying('Blob of a file', () => openAsBlob(process.execPath), /a Blob of a file/);
staying(
  'class of the program that extends a class of Node',
  () => new (class Mine extends URL {})('http://a'),
  /an instance of Mine, which extends URL/,
);
if (has('URLPattern')) staying('URLPattern', () => new globals['URLPattern']({ pathname: '/a' }));
if (has('DisposableStack')) staying('DisposableStack', () => new globals['DisposableStack']());

function gone(): Uint8Array {
  const bytes = new Uint8Array(4);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

// A global of theirs, which one of the functions uses.
globals['offset'] = 5;
for (const [name, [text, ask]] of Object.entries(FOREIGN)) {
  ARRIVING[`${name} of another context`] = {
    make: () => vm.runInNewContext(text, { offset: 5 }),
    ask,
    home: () => vm.runInThisContext(text),
  };
}

ARRIVING['what a context made that forbids to make code of text'] = {
  make: () =>
    vm.runInNewContext(
      '({ map: new Map([[1, [2]]]), date: new Date(5) })',
      {},
      { contextCodeGeneration: { strings: false } },
    ),
  ask: ({ map, date }) => [map instanceof Map, date instanceof Date, map.get(1), isOwn(map.get(1))],
  home: () => ({ map: new Map([[1, [2]]]), date: new Date(5) }),
};

type Ask = (value: Any) => unknown;
type Make = () => Any;

/** Each has a value travel, and gives the answer of where it has arrived. */
const WAYS: Record<string, (make: Make, ask: Ask) => unknown> = {
  async 'an argument of a Thread'(make, ask) {
    const answers = new Queue<unknown>();
    const thread = new Thread(async (given: Any) => answers.put([await ask(given)]), { args: [await make()] });
    thread.start();
    try {
      return ((await answers.getAsync()) as unknown[])[0];
    } finally {
      await thread.joinAsync();
    }
  },
  'an argument of a task': async (make, ask) => run(ask, await make()),
  'a capture': async (make, ask) => {
    const value = await make();
    return run(() => ask(value));
  },
  'a result': async (make, ask) => ask(await run(make)),
  'an item of a queue': async (make, ask) => {
    const queue = new Queue<Any>();
    queue.put(await make());
    return run(async () => ask(await queue.getAsync()));
  },
  'a property of an error': async (make, ask) => {
    const thrown = await run(async () => {
      throw Object.assign(new Error('with a value'), { value: await make() });
    }).then(
      () => assert.fail('it did not throw'),
      (error: unknown) => error as Error & { value?: unknown },
    );
    assert.equal(thrown.message, 'with a value');
    // What cannot travel is left out of an error.
    if (!('value' in thrown)) throw Object.assign(new Error('left out'), { code: 'LEFT_OUT' });
    return ask(thrown.value);
  },
  'a field of what is passed': async (make, ask) =>
    run((given: Any) => ask(given.deep[0].value), { deep: [{ value: await make() }] }),
};

/** What a refusal begins with, by the way. */
const REFUSALS: Record<string, RegExp> = {
  'an argument of a Thread': /^cannot pass 'args\[0\]/,
  'an argument of a task': /^cannot pass 'args\[0\]/,
  'a capture': /^'value[^']*' did not travel to this thread/,
  'a result': /^cannot return 'the result/,
  'an item of a queue': /^cannot put 'item/,
  'a field of what is passed': /^cannot pass 'args\[0\]\.deep\[0\]\.value/,
};

for (const [way, travel] of Object.entries(WAYS)) {
  for (const [name, { make, ask, home = make }] of Object.entries(ARRIVING)) {
    test(`${name} as ${way}`, async () => {
      // It is the same in all threads, or is made anew for each.
      assert.deepEqual(await travel(make, ask), await ask(home()));
    });
  }
  for (const [name, { make, named }] of Object.entries(STAYING)) {
    test(`${name} is refused as ${way}`, async () => {
      const use = (value: Any): unknown => [value.anything, Object.keys(value)];
      await assert.rejects(
        async () => travel(make, use),
        (error: Error & { code?: string }) => {
          if (way === 'a property of an error' && error.code === 'LEFT_OUT') return true;
          assert.equal(error.name, 'CaptureError', String(error.stack));
          assert.equal(error.code, 'ERR_CANNOT_CAPTURE');
          assert.match(error.message, named);
          assert.match(error.message, REFUSALS[way]!);
          return true;
        },
      );
    });
  }
}

test('a Blob, key or module is one object wherever it goes, and comes home as itself', async () => {
  const blob = new Blob(['abc']);
  assert.equal(await run((one: Blob, two: Blob) => one === two, blob, blob), true);
  assert.equal(await run((given: Blob) => given, blob), blob);
  const queue = new Queue<Blob>();
  queue.put(blob);
  assert.equal(queue.get(), blob);
  assert.equal(await run(() => run((given: Blob) => given.text(), new Blob(['nested']))), 'nested');
});

test('what nobody holds of it goes', async () => {
  const megabyte = 'x'.repeat(2 ** 20);
  const queue = new Queue<Blob>();
  const sizes = run((count: number) => {
    let sum = 0;
    for (let at = 0; at < count; at++) sum += queue.get().size;
    return sum;
  }, 200);
  for (let at = 0; at < 200; at++) queue.put(new Blob([megabyte]));
  assert.equal(await sizes, 200 * 2 ** 20);
  // Bytes that the exchange keeps, of all 200 of them.
  becomes(() => {
    collect();
    return V.F64[H_EXTERNAL >>> 3]! < 128 * 2 ** 20;
  }, 'the memory of Blobs that are gone');
});

test('where the function of another context is made, it sees that global variables', async () => {
  const factor = vm.runInNewContext('const factor = 3; (n) => n * factor + offset', { offset: 1 }) as (
    n: number,
  ) => number;
  for (let n = 0; n < 5; n++) assert.equal(await run(factor, n), n * 3 + 1);
  assert.deepEqual(await run(() => [1, 2].map((n) => factor(n))), [4, 7]);
});

test('a port or stream goes with a call, and nowhere else', async () => {
  const { port1, port2 } = new MessageChannel();
  const heard = new Promise((resolve) => port2.once('message', resolve));
  await run(({ port }: { port: typeof port1 }) => port.postMessage('from there'), { port: port1 });
  assert.equal(await heard, 'from there');
  port2.close();
  const text = new ReadableStream({
    start(controller) {
      controller.enqueue('abc');
      controller.close();
    },
  });
  const read = async (stream: ReadableStream): Promise<unknown> => (await stream.getReader().read()).value;
  assert.equal(await run(read, text), 'abc');
  const back = run(
    (given: ReadableStream) => ({ given }),
    new ReadableStream({ start: (controller) => controller.close() }),
  );
  await assert.rejects(back, /^CaptureError: cannot return 'the result\.given' from a thread: it is a ReadableStream/);
  assert.throws(
    () => new Queue<unknown>().put([new ReadableStream()]),
    /^CaptureError: cannot put 'item\[0\]' into a queue: it is a ReadableStream/,
  );
  await assert.rejects(
    async () => run((port: unknown) => String(port), port1),
    /^CaptureError: cannot pass 'args\[0\]' to a thread: it is a MessagePort that was given away before/,
  );
});
