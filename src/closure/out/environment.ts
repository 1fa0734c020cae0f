// The values of a function's free variables, and when they may be kept from one start to the next.
import type { Inspected, Scope } from '../../platform/inspector.js';
import type { Export } from '../exports.js';
import type { Code } from '../text/code.js';
import { type Declaration, declarationsOf } from '../text/declarations.js';
import { exportNamed } from '../text/installed.js';
import { lazyModule } from '../text/lazy.js';
import { importIsConstant } from '../text/liveness.js';
import { fileSource } from '../text/sources.js';
import { inspectIfPossible } from '../values/engine.js';
import { type Binding, inspectFunction, type SourceFunction } from '../values/functions.js';
import type { Kind } from '../values/stamps.js';
import { isStandardGlobal } from '../values/wellknown.js';

/**
 * What the function has captured, in the order of its code's free variables. The second time that a function travels, by itself or with
 * a fresh closure that calls it, it is worth an analysis to know what need not be looked up any more.
 */
export function bindingsOf(fn: object, facts: SourceFunction, inspections: Map<object, Inspected>): readonly Binding[] {
  if (facts.state === 'constant') return facts.bindings!;
  if (facts.state === 'seen once') {
    const first = facts.bindings!;
    facts.bindings = undefined;
    facts.state = stateAfter(facts.code, first);
    if (facts.state === 'constant') {
      facts.bindings = first;
      return first;
    }
  }
  const seen = inspectFunction(fn, inspections);
  const bindings: Binding[] = facts.record.free.map((name) => lookUp(name, seen.scopes));
  if (seen.kindOf !== undefined) {
    completeByEngine(fn, facts, bindings);
    const state = stateByStamp(facts, bindings, seen.kindOf);
    if (state !== undefined) {
      facts.state = state;
      facts.bindings = state === 'constant' ? bindings : undefined;
      return bindings;
    }
  }
  if (facts.state === 'new' || facts.state === 'seen once') {
    facts.bindings = bindings;
    facts.state = 'seen once';
  }
  return bindings;
}

/** A stamp does not tell of all: a minifier may have moved a variable's value, and a bundler may make modules of a kind that is not known. */
function completeByEngine(fn: object, { code }: SourceFunction, bindings: Binding[]): void {
  const missing = (at: number): boolean =>
    bindings[at]!.state === 'unbound' &&
    !isStandardGlobal(code.record.free[at]!) &&
    !(code.record.free[at]! in globalThis);
  const all = [...bindings.keys()].filter(missing);
  if (all.length === 0) return;
  const seen = inspectIfPossible(fn);
  for (const at of all) bindings[at] = lookUp(code.record.free[at]!, seen?.scopes ?? []);
}

/** Undefined where the stamp does not say whether the variables can change. */
function stateByStamp(
  { record }: SourceFunction,
  bindings: readonly Binding[],
  kindOf: (name: string) => Kind | undefined,
): SourceFunction['state'] | undefined {
  let state: SourceFunction['state'] = 'constant';
  for (const [at, binding] of bindings.entries()) {
    if (binding.state === 'global' || binding.state === 'unbound') continue;
    const kind = kindOf(record.free[at]!);
    if (kind === undefined || kind === 'import') return undefined;
    if (kind === 'changing') return 'changing';
    if (binding.state === 'uninitialised' || binding.value === undefined) state = 'new';
  }
  return state;
}

function lookUp(name: string, scopes: readonly Scope[]): Binding {
  for (const { description, object } of scopes) {
    if (description === 'Global') {
      const foreign = foreignGlobal(name, object);
      if (foreign !== undefined) return foreign;
      break;
    }
    try {
      const found = Object.getOwnPropertyDescriptor(object, name);
      if (found) {
        const value: unknown = 'value' in found ? found.value : found.get!.call(object);
        return { state: 'value', value, fromModule: description === 'Module' };
      }
      if (description.startsWith('With') && name in object) {
        return { state: 'value', value: (object as Record<string, unknown>)[name], fromModule: false };
      }
    } catch (error) {
      if (error instanceof ReferenceError) return { state: 'uninitialised' };
      throw error;
    }
  }
  const ownGlobal = Object.hasOwn(globalThis, name) && !isStandardGlobal(name);
  return ownGlobal ? { state: 'global' } : { state: 'unbound' };
}

/** A global variable of another context of the `vm` module, which the function was made in. */
function foreignGlobal(name: string, global: object): Binding | undefined {
  if (isStandardGlobal(name) || global === globalThis) return undefined;
  const found = Object.getOwnPropertyDescriptor(global, name);
  if (found === undefined || Object.getPrototypeOf(global) === Object.prototype) return undefined;
  return { state: 'value', value: (global as Record<string, unknown>)[name], fromModule: false };
}

/** Decided at the second start of a function: most functions, and nearly all closures made in a loop, are started only once. */
function stateAfter(code: Code, bindings: readonly Binding[]): SourceFunction['state'] {
  if (bindings.every(({ state }) => state === 'global' || state === 'unbound')) return 'constant';
  const declarations = declarationsOf(code);
  let settled = true;
  for (const [index, binding] of bindings.entries()) {
    if (binding.state === 'global' || binding.state === 'unbound') continue;
    const declaration = declarations.get(code.record.free[index]!);
    if (!declaration || declaration.constant === 'never') return 'changing';
    if (binding.state === 'uninitialised' || !isSettled(declaration, binding.value)) settled = false;
    else if (declaration.import && !importIsConstant(code.record.file, declaration.import)) return 'changing';
  }
  return settled ? 'constant' : 'new';
}

/** Not captured before its initialisation, which reads as undefined where the engine does not say. */
function isSettled({ constant, isParameter }: Declaration, value: unknown): boolean {
  if (constant === 'when truthy') return Boolean(value);
  return value !== undefined || isParameter;
}

/** Whether a variable that reads as undefined was not initialised yet: Node 20 does not say. */
export function isUninitialised(code: Code, name: string): boolean {
  return declarationsOf(code).get(name)?.neverUndefined === true;
}

/** How a variable of a module's top scope came there, if it is an import from a package. Parses the file only if it might be one. */
export function packageImport(code: Code, name: string): Export | undefined {
  if (!code.imports.has(name)) code.imports.set(name, findPackageImport(code, name));
  return code.imports.get(name);
}

function findPackageImport(code: Code, name: string): Export | undefined {
  const { file } = code.record;
  const text = fileSource(file)?.text;
  if (text !== undefined && !mentionsImport(text, name)) return undefined;
  const imported = declarationsOf(code).get(name)?.import;
  return imported && exportNamed(file, imported);
}

function mentionsImport(text: string, name: string): boolean {
  const escaped = name.replaceAll('$', '\\$');
  return new RegExp(`\\bimport\\b[^;'"]*(?<![\\w$])${escaped}(?![\\w$])[^;'"]*\\bfrom\\b`).test(text);
}

/**
 * Of a function that runs a module when it is first asked for, as bundlers write them: the variable that a thread fills for itself; '' = none, it
 * gets what is in them. Undefined for any other function.
 */
export function lazyVariable({ analysis, record }: Code, bindings: readonly Binding[]): string | undefined {
  if (analysis.free.every(({ written }) => written === undefined)) return undefined;
  const lazy = lazyModule(record.text);
  if (lazy === undefined) return undefined;
  // Some let go of the module when it has run: then there is nothing to run any more.
  const isGone = analysis.free.some(({ name, written }, at) => {
    const binding = bindings[at]!;
    return written !== undefined && name !== lazy.exports && binding.state === 'value' && !binding.value;
  });
  return isGone ? '' : (lazy.exports ?? '');
}
