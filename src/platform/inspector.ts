// The in-process inspector: what V8 knows of a function that JavaScript cannot ask for (where its text lies, the variables it
// captured, what it is bound to, its private state). One session for each thread, opened by the first call.
//
// `Runtime.getProperties` answers nearly everything, and needs no domain to be enabled. `Debugger.enable` makes every `await` of the
// thread several times slower and stops the world for 25–200 ms the first time, so it is the last resort, and `leave()` ends it.
import type { Session } from 'node:inspector';
import { builtin } from './modules.js';

export interface Location {
  readonly scriptId: string;
  /** Zero-based. */
  readonly lineNumber: number;
  readonly columnNumber: number;
}

export interface Scope {
  /** 'Module', 'Global', 'Script', 'Block', 'Closure (name)', 'With Block', … */
  readonly description: string;
  readonly object: object;
}

export interface Inspected {
  /** Absent for native functions. */
  readonly location: Location | undefined;
  /** Innermost first. The objects are copies of the variables as they are now. */
  readonly scopes: readonly Scope[];
  readonly bound: { readonly target: unknown; readonly self: unknown; readonly args: readonly unknown[] } | undefined;
  /** Names and values of private fields. */
  readonly privates: ReadonlyMap<string, unknown>;
}

interface RemoteObject {
  readonly type: string;
  readonly objectId?: string;
  readonly value?: unknown;
  readonly unserializableValue?: string;
}
interface InternalProperty {
  readonly name: string;
  readonly value?: RemoteObject;
}

const KEPT = 'heddle-kept';
const TEMPORARY = 'heddle-temporary';

let session: Session | undefined;
let calls = 0;
/** Carries values in and out: the protocol itself only carries JSON. */
const holder: { value: unknown } = { value: undefined };
let holderId: string;
let debugging = false;
const urls = new Map<string, string>();

/** How many protocol calls this thread has made; tests assert that a cached start makes none. */
export const inspectorCalls = (): number => calls;

function post<Result>(method: string, parameters?: object): Result {
  let answer: unknown;
  let failure: Error | null = null;
  calls++;
  // A session on its own thread answers before post() returns.
  session!.post(method, parameters as never, (error: Error | null, result?: object) => {
    failure = error;
    answer = result;
  });
  if (failure) throw new Error(`inspector: ${method}: ${(failure as Error).message}`);
  return answer as Result;
}

function open(): void {
  if (session) return;
  const { Session: InspectorSession } = builtin('inspector') as typeof import('node:inspector');
  const opened = new InspectorSession();
  opened.connect();
  session = opened;
  opened.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
  // Symbol properties can be reached from an expression without being seen by anyone who looks at string keys.
  const key = Symbol.for('heddle.inspector.holder');
  const place = process as unknown as Record<symbol, unknown>;
  place[key] = holder;
  const expression = "process[Symbol.for('heddle.inspector.holder')]";
  const { result } = post<{ result: RemoteObject }>('Runtime.evaluate', { expression, objectGroup: KEPT });
  delete place[key];
  holderId = result.objectId!;
}

/** Throws what Node throws when it has no inspector or forbids it. */
export function inspect(subject: object): Inspected {
  open();
  holder.value = subject;
  try {
    const { result } = callOnHolder('function () { return this.value }');
    const found = post<{ internalProperties?: InternalProperty[]; privateProperties?: InternalProperty[] }>(
      'Runtime.getProperties',
      { objectId: result.objectId, ownProperties: true },
    );
    const internal = new Map(found.internalProperties?.map((property) => [property.name, property.value]));
    const scopes = internal.get('[[Scopes]]');
    const target = internal.get('[[TargetFunction]]');
    return {
      location: internal.get('[[FunctionLocation]]')?.value as Location | undefined,
      scopes: scopes ? Array.from(localValue(scopes) as ArrayLike<Scope>) : [],
      bound: target && {
        target: localValue(target),
        self: localValue(internal.get('[[BoundThis]]')),
        args: Array.from(localValue(internal.get('[[BoundArgs]]')) as ArrayLike<unknown>),
      },
      privates: new Map(found.privateProperties?.map(({ name, value }) => [name, localValue(value)])),
    };
  } finally {
    holder.value = undefined;
    releaseLater();
  }
}

/** What the protocol's ids refer to stays alive until they are released: a call that is saved by releasing many at once. */
const RELEASED_AT_ONCE = 64;
let unreleased = 0;

function releaseLater(): void {
  if (++unreleased === 1) setImmediate(release).unref();
  if (unreleased >= RELEASED_AT_ONCE) release();
}

function release(): void {
  if (unreleased === 0) return;
  unreleased = 0;
  post('Runtime.releaseObjectGroup', { objectGroup: TEMPORARY });
}

function callOnHolder(functionDeclaration: string, ...args: object[]): { result: RemoteObject } {
  return post('Runtime.callFunctionOn', {
    objectId: holderId,
    functionDeclaration,
    arguments: args,
    objectGroup: TEMPORARY,
    silent: true,
  });
}

function localValue(remote: RemoteObject | undefined): unknown {
  if (!remote) return undefined;
  const { objectId, unserializableValue, value } = remote;
  // Any remote object, a primitive too, can be an argument of a call: its value lands in the holder by reference.
  callOnHolder(
    'function (value) { this.value = value }',
    objectId !== undefined ? { objectId } : unserializableValue !== undefined ? { unserializableValue } : { value },
  );
  return holder.value;
}

/** The URL or file name of a script; '' for code that has none (`new Function`, `eval`). */
export function scriptUrl(scriptId: string): string {
  const known = urls.get(scriptId);
  if (known !== undefined) return known;
  open();
  // From cheap to dear: the scripts on the stack (a tenth of a millisecond), those that have run (2–15), all of them.
  for (const find of [scriptsOnStack, scriptsThatRan, startDebugging]) {
    find();
    const url = urls.get(scriptId);
    if (url !== undefined) return url;
  }
  urls.set(scriptId, '');
  return '';
}

function scriptsOnStack(): void {
  type Frames = { exceptionDetails?: { stackTrace?: { callFrames: { scriptId: string; url: string }[] } } };
  post('Runtime.enable');
  try {
    const thrown = post<Frames>('Runtime.evaluate', { expression: 'throw new Error()', silent: true });
    for (const frame of thrown.exceptionDetails?.stackTrace?.callFrames ?? []) {
      if (frame.url) urls.set(frame.scriptId, frame.url);
    }
  } finally {
    post('Runtime.disable');
  }
}

function scriptsThatRan(): void {
  // The profiler need not be enabled for this, and must not be: disabling it again would end the coverage that others collect.
  const { result } = post<{ result: { scriptId: string; url: string }[] }>('Profiler.getBestEffortCoverage');
  for (const script of result) if (script.url) urls.set(script.scriptId, script.url);
}

/** The URLs of all scripts that have run, as far as the engine still knows. */
export function scriptUrls(): Iterable<string> {
  open();
  scriptsThatRan();
  return urls.values();
}

function startDebugging(): void {
  open();
  if (debugging) return;
  post('Debugger.enable', { maxScriptsCacheSize: 0 });
  debugging = true;
}

/** The text that ran, whatever is on disk. Starts the debugger: the caller ends with `leave()`. */
export function scriptSource(scriptId: string): string {
  startDebugging();
  return post<{ scriptSource: string }>('Debugger.getScriptSource', { scriptId }).scriptSource;
}

/** The id of the script that was loaded from `url`, or undefined. Starts the debugger: the caller ends with `leave()`. */
export function scriptOf(url: string): string | undefined {
  startDebugging();
  for (const [id, known] of urls) if (known === url) return id;
  return undefined;
}

/** Ends what a capture had to enable. Costs nothing when it enabled nothing. */
export function leave(): void {
  if (!debugging) return;
  debugging = false;
  post('Debugger.disable');
}
