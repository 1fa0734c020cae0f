// The package that users get is text (scripts/bundle.mjs): the library is one script, its parser another. A bundler takes text along as it
// is, into a file of any name, and a worker needs no file of its own. So the library is the same inside of a bundle and outside, minified or
// not, and in a single executable.
//
// The engine takes longer to read the library than to run it, so the main thread keeps what the engine has made of it, and threads are given
// that: they read nothing but what they call first.

/** The package's texts. They are all ASCII. */
export interface Texts {
  readonly version: string;
  readonly library: string;
  readonly parser: string;
  /** What lies beside the library (src/platform/beside.ts). */
  readonly tools: string;
}

/** The same for workers: bytes that all share, and what the engine has made of them. */
export interface Scripts {
  readonly version: string;
  readonly library: Script;
  readonly parser: Script;
  readonly tools: Script;
}

export interface Script {
  readonly text: SharedArrayBuffer;
  /** None = the engine has not seen it yet. */
  readonly code: SharedArrayBuffer | undefined;
}

/** What the library is told of itself. */
export interface Joined {
  /** What this worker of the library's is for; none = this is no worker of the library's. */
  readonly role: string | undefined;
  /** What new workers are to be given: with all functions that were called here until now. */
  scripts(): Scripts;
}

/** What the library gives out. */
export interface Faces {
  readonly index: object;
  readonly thread: object;
  readonly dummy_thread: object;
  /** Makes this worker one of a thread. */
  serve(): void;
  /** Gives the faces of what lies beside the library. */
  loadTools(): object;
}

/** What a thread keeps of the library that it has, under `Symbol.for('heddle.library')`: several files may ask for it. */
export interface Loaded {
  readonly version: string;
  readonly faces: Faces;
  /** Whether the engine has taken over what it was given of the library. Otherwise it has read the text, which takes longer. */
  readonly accepted: boolean;
}

/** The parameter of the script that the library is. */
declare const heddleJoined: Joined | undefined;

/** Undefined where the library is not joined: in its own tests. */
export const joined: Joined | undefined = typeof heddleJoined === 'undefined' ? undefined : heddleJoined;

/**
 * Evaluates the library in the process's own context. `require` gives builtin modules. In a worker the text of this function is all there is:
 * it names nothing but what is in it.
 */
export function evaluateLibrary(require: (id: string) => unknown, given: Texts | Scripts, role?: string): Loaded {
  const { Script: Compiled, runInThisContext } = require('node:vm') as typeof import('node:vm');
  type Name = 'library' | 'parser' | 'tools';
  const compiled = new Map<Name, import('node:vm').Script>();
  const shared = (bytes: Uint8Array): SharedArrayBuffer => {
    const buffer = new SharedArrayBuffer(bytes.length);
    new Uint8Array(buffer).set(bytes);
    return buffer;
  };
  const codeOf = (name: Name): SharedArrayBuffer | undefined => {
    const source = given[name];
    return typeof source === 'string' ? undefined : source.code;
  };
  const evaluate = (name: Name): ((...parameters: unknown[]) => unknown) => {
    const source = given[name];
    const text = typeof source === 'string' ? source : Buffer.from(source.text).toString('latin1');
    const code = codeOf(name);
    const filename = `heddle:${name}.js`;
    const script = new Compiled(text, { filename, ...(code && { cachedData: new Uint8Array(code) }) });
    compiled.set(name, script);
    return script.runInThisContext() as (...parameters: unknown[]) => unknown;
  };

  const texts = new Map<Name, SharedArrayBuffer>();
  const scriptOf = (name: Name): Script => {
    const source = given[name];
    const text = texts.get(name) ?? (typeof source === 'string' ? shared(Buffer.from(source, 'latin1')) : source.text);
    texts.set(name, text);
    const script = compiled.get(name);
    return { text, code: script === undefined ? codeOf(name) : shared(script.createCachedData()) };
  };
  const joined: Joined = {
    role,
    scripts: () => ({
      version: given.version,
      library: scriptOf('library'),
      parser: scriptOf('parser'),
      tools: scriptOf('tools'),
    }),
  };

  // What takes a worker a good part of a millisecond to load is loaded when something of it is first used.
  let parser: object | undefined;
  const parserHere = (): object => (parser ??= evaluate('parser')() as object);
  const late = ['node:fs', 'node:inspector', 'node:os', 'node:tty', 'node:v8'];
  const load = (id: string): unknown => {
    if (id === 'heddle:tools') return evaluate('tools');
    const isParser = id === 'acorn' || id === 'eslint-scope';
    if (!isParser && !late.includes(id)) return require(id);
    const get = (_: object, key: PropertyKey): unknown =>
      Reflect.get(isParser ? parserHere() : (require(id) as object), key);
    return new Proxy({}, { get });
  };
  const faces = evaluate('library')(load, joined) as Faces;
  const value: Loaded = {
    version: given.version,
    faces,
    accepted: compiled.get('library')!.cachedDataRejected === false,
  };
  Object.defineProperty(runInThisContext('globalThis'), Symbol.for('heddle.library'), { value });
  return value;
}
