// The kinds of functions, which decide how a function travels. The kind is found once in a function's life. Its captures are read at each
// start, unless none of them can change.
import { type Inspected, scriptUrl } from '../../platform/inspector.js';
import { isProxy } from '../../platform/kinds.js';
import { threadId } from '../../platform/modules.js';
import { runtime } from '../../platform/runtime.js';
import { CaptureError } from '../errors.js';
import type { Export } from '../exports.js';
import type { CodeRecord } from '../graph.js';
import { WhileHeld } from '../held.js';
import { originOf, type Rebuilt, rebuiltFunctions } from '../rebuilt.js';
import { Code, type ScriptFile } from '../text/code.js';
import { isOwnFile, isPackageFile } from '../text/installed.js';
import { fileOf } from '../text/maps.js';
import { inspectByEngine, inspectIfPossible } from './engine.js';
import { exportAt, exportOf } from './packages.js';
import type { Reason } from './paths.js';
import { type Seen, type Stamped, type StamperPayload, stampedOf, stamperPayload } from './stamps.js';
import { isStandardGlobal, platformNameOf, type WellKnown } from './wellknown.js';

export type AnyFunction = (...args: never[]) => unknown;

/** A function that travels by source. */
export interface SourceFunction {
  readonly kind: 'source';
  readonly code: Code;
  readonly record: CodeRecord;
  readonly origin: string;
  /** 'seen once' keeps the bindings until it is known whether they can change; 'constant' for good. See `environment.ts`. */
  state: 'new' | 'seen once' | 'constant' | 'changing';
  bindings: readonly Binding[] | undefined;
}

export interface RebuiltFunction {
  readonly kind: 'rebuilt';
  readonly record: CodeRecord;
  readonly origin: string;
  readonly rebuilt: Rebuilt;
}

export type FunctionKind =
  | SourceFunction
  | RebuiltFunction
  | { readonly kind: 'platform'; readonly name: WellKnown }
  | { readonly kind: 'export'; readonly found: Export }
  | { readonly kind: 'require'; readonly file: string }
  /** What transformed code calls. */
  | { readonly kind: 'stamper'; readonly stamper: StamperPayload }
  | { readonly kind: 'bound'; readonly bound: NonNullable<Inspected['bound']> }
  | ({ readonly kind: 'obstacle' } & Reason);

/** The value of a free variable when it was looked up. */
export type Binding =
  /** `fromModule`: declared at the top of a module, maybe by an import. */
  | { readonly state: 'value'; readonly value: unknown; readonly fromModule: boolean }
  | { readonly state: 'uninitialised' }
  /** A global of the program's own: its value is looked up at each start. */
  | { readonly state: 'global' }
  /** Left to the receiver's global object. */
  | { readonly state: 'unbound' };

const kinds = new WeakMap<object, FunctionKind>();

/** `inspections` keeps what the inspector said during one capture. */
export function kindOf(fn: object, inspections: Map<object, Inspected>): FunctionKind {
  let kind = kinds.get(fn);
  if (!kind) {
    kind = classify(fn, inspections);
    kinds.set(fn, kind);
  }
  return kind;
}

/** By the place of the text. What is known of a function holds its code. */
const codes = new WhileHeld<Code>(64);
const textOf = (fn: object): string => Function.prototype.toString.call(fn);
const NATIVE_FUNCTION: { readonly kind: 'obstacle' } & Reason = {
  kind: 'obstacle',
  why: 'it is a native function',
  remedy:
    'Call it before the start and pass the result, or make what it belongs to in the thread: new ThreadLocal(() => …) keeps one for each thread',
};
export const NATIVE = /\{\s*\[native code\]\s*\}$/;

function classify(fn: object, inspections: Map<object, Inspected>): FunctionKind {
  const rebuilt = rebuiltFunctions.get(fn);
  if (rebuilt) return { kind: 'rebuilt', record: rebuilt.record, origin: rebuilt.origin, rebuilt };
  const found = exportOf(fn);
  if (found) return { kind: 'export', found };
  const stamper = stamperPayload(fn);
  if (stamper) return { kind: 'stamper', stamper };
  const stamped = stampedOf(fn);
  if (stamped) return stampedFunction(fn, stamped, inspections);
  if (isProxy(fn)) return { kind: 'obstacle', why: 'it is a Proxy', remedy: 'Pass the function behind it' };
  const text = textOf(fn);
  if (NATIVE.test(text)) {
    const name = platformNameOf(fn);
    if (name) return { kind: 'platform', name };
    const bound = inspectIfPossible(fn)?.bound;
    if (!bound) return NATIVE_FUNCTION;
    const required = isRequire(fn) ? bound.args[0] : undefined;
    return typeof required === 'string' ? { kind: 'require', file: required } : { kind: 'bound', bound };
  }
  let inspected: Inspected;
  try {
    inspected = inspectFunction(fn, inspections);
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    return textFunction(fn, text, inspections, error);
  }
  const { location } = inspected;
  if (!location) return NATIVE_FUNCTION;
  const script = fileOf(scriptUrl(location.scriptId));
  const { file } = script;
  if (file.startsWith('node:')) {
    const name = platformNameOf(fn);
    if (name) return { kind: 'platform', name };
    const required = requireFile(fn, inspected);
    if (required !== undefined) return { kind: 'require', file: required };
    return { kind: 'obstacle', why: `it belongs to Node itself (${file})`, remedy: NATIVE_FUNCTION.remedy };
  }
  const required = isPackageFile(file) ? requireFile(fn, inspected) : undefined;
  if (required !== undefined) return { kind: 'require', file: required };
  return sourceFunction(fn, text, script, inspected);
}

function sourceFunction(fn: object, text: string, script: ScriptFile, inspected: Inspected): FunctionKind {
  const { scriptId, lineNumber, columnNumber } = inspected.location!;
  const place = `${scriptId}:${lineNumber}:${columnNumber}`;
  // Only sloppy functions have own properties of these names.
  const code = codeAt(place, () => new Code(text, script, inspected, Object.hasOwn(fn, 'caller')));
  return functionOf(fn, code);
}

/** A function of transformed code. The inspector is asked only where the text of its module is not at hand, and once for each text. */
function stampedFunction(fn: object, stamped: Stamped, inspections: Map<object, Inspected>): FunctionKind {
  inspections.set(fn, stamped.seen);
  const code = codeAt(stamped.key, () => {
    const text = textOf(fn);
    const isSloppy = Object.hasOwn(fn, 'caller');
    const found = stamped.find(text);
    const engine = found === undefined ? inspectIfPossible(fn) : undefined;
    if (engine?.location === undefined)
      return new Code(text, fileOf(stamped.file), stamped.seen, isSloppy, found, true);
    return new Code(text, fileOf(scriptUrl(engine.location.scriptId)), engine, isSloppy, undefined, true);
  });
  return functionOf(fn, code);
}

const UNSEEN: Seen = { location: undefined, scopes: [], bound: undefined, privates: new Map() };

/** A function that nobody can look into: its text is all that it needs if it captures nothing. */
function textFunction(
  fn: object,
  text: string,
  inspections: Map<object, Inspected>,
  cause: CaptureError,
): FunctionKind {
  // What belongs to the runtime is written in JavaScript in some.
  const name = platformNameOf(fn);
  if (name) return { kind: 'platform', name };
  const code = codeAt(
    `text ${text}`,
    () => new Code(text, { file: '', map: undefined }, UNSEEN, Object.hasOwn(fn, 'caller')),
  );
  if (code instanceof Code) {
    const names = code.record.free.filter((name) => !isStandardGlobal(name) && !(name in globalThis));
    if (names.length > 0) throw unseen(names, cause);
    inspections.set(fn, UNSEEN);
  }
  return functionOf(fn, code);
}

function unseen(names: readonly string[], cause: CaptureError): CaptureError {
  const list = names.map((name) => `'${name}'`).join(', ');
  return new CaptureError(
    `${cause.message.replace('cannot look into the function', `cannot look into the function, which uses ${list} of the code around it`)}; ` +
      `or build the program with Heddle's transform, or run it by ${runtime.transforming}; or pass the values as arguments`,
    { cause: cause.cause },
  );
}

function codeAt(place: string, make: () => Code): Code | (Reason & { readonly kind: 'obstacle' }) {
  let code = codes.get(place);
  if (!code) {
    try {
      code = make();
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const remedy = 'Wrap it in an arrow function';
      return { kind: 'obstacle', why: `its text cannot be parsed (${error.message})`, remedy };
    }
    codes.set(place, code);
  }
  return code;
}

function functionOf(fn: object, code: ReturnType<typeof codeAt>): FunctionKind {
  if (!(code instanceof Code)) return code;
  const { file } = code.record;
  if (isPackageFile(file)) {
    const found = exportAt(file, code.start);
    if (found) return { kind: 'export', found };
    if (isOwnFile(file)) return { kind: 'obstacle', why: 'it is internal to Heddle', remedy: 'Make it in the thread' };
  }
  return {
    kind: 'source',
    code,
    record: code.record,
    origin: originOf(fn, threadId()),
    state: 'new',
    bindings: undefined,
  };
}

/** What its stamp says of a function, or else the engine. */
export function inspectFunction(fn: object, inspections: Map<object, Inspected>): Seen {
  let seen = inspections.get(fn);
  if (!seen) {
    seen = stampedOf(fn)?.seen ?? inspectByEngine(fn);
    inspections.set(fn, seen);
  }
  return seen;
}

/** Node makes one for each file, and so does Jest, some of whose versions bind it to the file's name. */
function isRequire(fn: object): fn is NodeJS.Require {
  const { resolve, cache, extensions } = fn as Partial<NodeJS.Require>;
  return typeof resolve === 'function' && !!cache && !!extensions;
}

/** The file whose `require` a function is. */
function requireFile(fn: object, { scopes }: Inspected): string | undefined {
  if (!isRequire(fn)) return undefined;
  for (const { object } of scopes) {
    for (const name of ['mod', 'module', 'from']) {
      const filename = (Object.getOwnPropertyDescriptor(object, name)?.value as NodeJS.Module | undefined)?.filename;
      if (typeof filename === 'string') return filename;
    }
  }
  const [folder] = fn.resolve.paths?.('./x') ?? [];
  return folder === undefined ? undefined : `${folder}/_.js`;
}
