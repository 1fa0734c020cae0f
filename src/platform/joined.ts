// The package that users get has all of the library in one script (scripts/bundle.mjs). The engine takes longer to read it than to run it,
// so the main thread keeps what the engine has made of it, and threads are given that: they read nothing but what they call first.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Where this module, as part of the script, finds itself as it is outside, which has loaded the script. */
const CODE = Symbol.for('heddle.code');

/** The script, and what the engine has made of it: given to threads, so that they neither look for it nor read it. */
export interface Script {
  readonly text: SharedArrayBuffer;
  readonly code: SharedArrayBuffer;
}

interface Place {
  given?: Script | undefined;
  /** Whether the engine has taken it over. Otherwise it reads the text, which takes longer. */
  accepted?: boolean;
  /** What the engine has made of it here has all functions that were called until now. */
  make?: () => Script;
}

const holder = globalThis as { [CODE]?: Place };

function placeHere(): Place {
  const place = holder[CODE] ?? {};
  if (holder[CODE] === undefined) Object.defineProperty(globalThis, CODE, { value: place });
  return place;
}

/** For `loadJoined`, before it is called. */
export function takeScript(given: Script | undefined): void {
  placeHere().given = given;
}

/** What new threads are to be given; undefined where the library is not joined. */
export function scriptForThreads(): Script | undefined {
  return placeHere().make?.();
}

/**
 * Evaluates the script at a URL: a function of `require`, `module` and the URL that the library has. Returns the module's exports. `plain` are
 * those of the modules that are not in it.
 */
export function loadJoined(file: string, url: string, plain: object): unknown {
  const module = { exports: {} };
  const load = (id: string): unknown => (id === 'heddle:plain' ? plain : require(id));
  (evaluate(file) as (...given: unknown[]) => void)(load, module, url);
  return module.exports;
}

/** The same for a script that lies beside it: `inside` are modules of the library, by their paths there. */
export function loadBeside(file: string, url: string, inside: Readonly<Record<string, object>>): unknown {
  const { Script: Compiled } = require('node:vm') as typeof import('node:vm');
  const filename = new URL(file, url).href;
  const module = { exports: {} };
  const load = (id: string): unknown => (id.startsWith('heddle:') ? inside[id.slice('heddle:'.length)] : require(id));
  (new Compiled(read(filename), { filename }).runInThisContext() as (...given: unknown[]) => void)(load, module, url);
  return module.exports;
}

function evaluate(filename: string): unknown {
  const { Script } = require('node:vm') as typeof import('node:vm');
  const place = placeHere();
  const { given } = place;
  const text = given === undefined ? read(filename) : Buffer.from(given.text).toString('latin1');
  const script = new Script(
    text,
    given === undefined ? { filename } : { filename, cachedData: new Uint8Array(given.code) },
  );
  place.accepted = script.cachedDataRejected === false;
  place.make = () => ({ text: shared(Buffer.from(text, 'latin1')), code: shared(script.createCachedData()) });
  return script.runInThisContext();
}

/** It is all ASCII: a byte for each character, and nothing to decode. */
function read(file: string): string {
  const { readFileSync } = require('node:fs') as typeof import('node:fs');
  return readFileSync(new URL(file), 'latin1');
}

function shared(bytes: Uint8Array): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}
