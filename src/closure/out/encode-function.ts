// Functions: by name, by import, or as code and environment.
import type { Inspected } from '../../platform/inspector.js';
import { isGeneratorFunction, isProxy } from '../../platform/kinds.js';
import { runtime } from '../../platform/runtime.js';
import { madeOf } from '../again.js';
import { flagsOf } from '../attributes.js';
import { CaptureError } from '../errors.js';
import type { CodeRecord, FunctionPayload, Node, Slot } from '../graph.js';
import type { Rebuilt } from '../rebuilt.js';
import { afterEntries } from '../recipes/entries.js';
import { recipeOf, recipeOfMember } from '../recipes/make.js';
import { type Analysis, analyse } from '../text/analyse.js';
import type { Code } from '../text/code.js';
import { declarationsOf } from '../text/declarations.js';
import { isPackageFile } from '../text/installed.js';
import { showPosition } from '../text/maps.js';
import { type Binding, inspectFunction, kindOf, type SourceFunction } from '../values/functions.js';
import { isOfClass, packageNameOf, testPackageReason } from '../values/insides.js';
import { ownerOf } from '../values/instances.js';
import { labelOf, nameOf } from '../values/labels.js';
import {
  type Capture,
  explainPoison,
  type Path,
  partPath,
  propertyPath,
  type Reason,
  rootPath,
  toolOf,
} from '../values/paths.js';
import { selfOf } from '../values/stamps.js';
import { threadsOwn } from '../values/thread-own.js';
import { heldBy, isVariable, shareVariable, type Variable } from '../values/variables.js';
import { atHome, isStandardGlobal } from '../values/wellknown.js';
import { complete, exportedAs, importedThrough, mayBeImported } from './encode-import.js';
import { encodeMembers, isNamespaceLike, UNINITIALISED } from './encode-module.js';
import type { Encoder, Pending } from './encoder.js';
import { bindingsOf, isUninitialised, lazyVariable, packageImport } from './environment.js';
import { findHome, isClassHome } from './homes.js';

export function encodeFunction(encoder: Encoder, pending: Pending): void {
  const { value: fn, index, path } = pending;
  const kind = kindOf(fn, encoder.inspections);
  switch (kind.kind) {
    case 'platform':
      encoder.nodes[index] = encoder.byName(kind.name);
      return;
    case 'export': {
      const test = kind.found.tag === 'require' ? kind.found.payload.file : kind.found.payload.specifier;
      const reason = testPackageReason(test, true);
      if (reason) encoder.detours.refuse(path, reason);
      encoder.nodes[index] = encoder.byName(afterEntries(kind.found, path));
      return;
    }
    case 'require':
      encoder.nodes[index] = ['requireFunction', kind.file];
      return;
    case 'stamper':
      encoder.nodes[index] = ['stamper', kind.stamper];
      return;
    case 'obstacle':
      encoder.leave(pending, kind);
      return;
    case 'bound': {
      // Nobody can bind what stayed behind.
      if (pending.part) throw new CaptureError('it is bound to something');
      const { target, self, args } = kind.bound;
      const bound = {
        target: encoder.slot(target, partPath(path, '.<bound function>')),
        self: encoder.slot(self, partPath(path, '.<bound this>')),
        args: args.map((argument, at) => encoder.slot(argument, partPath(path, `.<bound argument ${at}>`))),
      };
      encoder.nodes[index] = ['bound', bound];
      encodeOwnProperties(encoder, pending, undefined);
      return;
    }
    case 'rebuilt': {
      const payload = { code: kind.record.id, origin: kind.origin, env: [], name: nameOf(fn) };
      encoder.need(kind.record);
      encoder.nodes[index] = ['function', payload];
      encodeRebuilt(encoder, pending, payload, kind.rebuilt);
      break;
    }
    case 'source': {
      const reason = testPackageReason(kind.record.file, false);
      if (reason) encoder.detours.refuse(path, reason);
      const inside = isPackageFile(kind.record.file) ? packageNameOf(kind.record.file) : undefined;
      if (inside !== undefined) encoder.detours.stepInside(path, inside);
      // Text without a file is what a package has compiled, if a package had a part in it.
      if ((inside !== undefined || kind.record.file === '') && !isOfClass(path))
        encoder.detours.makeAgain(path, inside !== undefined);
      encodeSource(encoder, pending, kind);
    }
  }
}

function encodeSource(encoder: Encoder, pending: Pending, facts: SourceFunction): void {
  const { value: fn, index } = pending;
  const { code, record } = facts;
  const { analysis } = code;
  if (analysis.obstacle) {
    encoder.leave(pending, { why: analysis.obstacle, remedy: 'Pass what it needs as arguments' });
    return;
  }
  const payload: FunctionPayload = { code: record.id, origin: facts.origin, env: [], name: nameOf(fn) };
  if (analysis.usesSuper || analysis.privateNames.length > 0) {
    if (pending.part) throw new CaptureError('it is a method that only its class can give');
    const member = encodeMember(encoder, pending, payload, facts);
    if (member) {
      encoder.nodes[index] = member;
      return;
    }
    if (analysis.privateNames.length > 0) {
      const names = analysis.privateNames.map((name) => `#${name}`).join(', ');
      const why = `it uses the private ${names} of a class that cannot be found from it`;
      encoder.leave(pending, { why, remedy: 'Pass the class, or an object that has the method' });
      return;
    }
  }
  encoder.need(record);
  encoder.nodes[index] = ['function', payload];
  const by = labelOf(payload.name, record);
  if (analysis.outer.length > 0) {
    const self = analysis.outer.includes('this') ? selfOf(fn) : undefined;
    if (self) payload.self = encoder.slot(self.value, rootPath('this', { by, declared: () => undefined }));
    payload.outer = analysis.outer.map((what) => {
      if (self && what === 'this') return '';
      const why = `it belongs to the function around ${by}`;
      return explainPoison(rootPath(what), {
        why,
        remedy: 'Put what is needed of it into a const before, and use that',
      });
    });
  }
  const reason = encodeEnvironment(encoder, payload.env, pending, facts, by);
  if (reason) {
    encoder.leave(pending, reason);
    return;
  }
  encodeShape(encoder, pending, payload, record, analysis);
}

/** A method whose `super` or private names need the class around it travels as a member of that class. */
function encodeMember(encoder: Encoder, { value: fn, path }: Pending, payload: FunctionPayload, facts: SourceFunction) {
  const { scopes } = inspectFunction(fn, encoder.inspections);
  encoder.changing = true;
  const home = findHome(fn, path.owner, scopes);
  if (home && isClassHome(home)) {
    const holder = encoder.slot(home.holder, partPath(path, '.<class>'));
    const key = typeof home.key === 'symbol' ? encoder.slot(home.key, path) : String(home.key);
    return ['member', { home: holder, key, part: home.part }] satisfies Node;
  }
  if (!facts.code.analysis.usesSuper) return undefined;
  const superPath = partPath(path, '.<super>');
  payload.home = home
    ? encoder.slot(Object.getPrototypeOf(home.holder), superPath)
    : encoder.poison(superPath, {
        why: 'the object that the method was written in cannot be found from it',
        remedy: 'Pass the object or its class',
      });
  return undefined;
}

/** Gives a reason if the function must stay after all. */
function encodeEnvironment(
  encoder: Encoder,
  env: Slot[],
  { value: fn, path: through }: Pending,
  facts: SourceFunction,
  by: string,
): Reason | undefined {
  const { code } = facts;
  const inside = isPackageFile(code.record.file) ? packageNameOf(code.record.file) : undefined;
  const bindings = bindingsOf(fn, facts, encoder.inspections);
  if (facts.state !== 'constant') encoder.changing = true;
  env.length = bindings.length;
  const lazy = lazyVariable(code, bindings);
  for (const [at, binding] of bindings.entries()) {
    const { name, written, eager } = code.analysis.free[at]!;
    if (binding.state === 'unbound') {
      if (eager && !isStandardGlobal(name)) return computedFrom(name);
      if (isStandardGlobal(name) || name in globalThis || !declarationsOf(code).has(name)) continue;
      env[at] = encoder.poison(
        rootPath(name, { by, declared: () => declarationsOf(code).get(name)?.position }),
        UNTOLD,
      );
      continue;
    }
    const isChanged = written !== undefined && lazy === undefined;
    if (isChanged && inside === undefined) refuseAssignment(code, name, written, by);
    if (isChanged && !isOfClass(through)) encoder.detours.makeAgain(through, true);
    if (written !== undefined && (lazy === undefined ? declarationsOf(code).get(name)?.isEmpty : lazy === name)) {
      // The function that has filled it here fills it there.
      env[at] = undefined;
      continue;
    }
    const declared = () => declarationsOf(code).get(name)?.position;
    const capture: Capture = { by, declared, through, inside, file: code.record.file };
    const value =
      binding.state === 'value' && inside === undefined && isObject(binding.value) ? binding.value : undefined;
    const held = value && {
      value,
      again: () => recipeOf({ fn, code, name, inspections: encoder.inspections }, value),
      member: (member: string) => recipeOfMember(code, name, value, member),
    };
    env[at] = encodeBinding(encoder, fn, binding, at, code, rootPath(name, { ...capture, ...held }));
  }
  return undefined;
}

const UNTOLD: Reason = {
  why: 'it is the name of the function expression around it, which the engine does not tell of',
  remedy: 'Use a function declaration, or assign the function to a constant and use that',
};

const computedFrom = (name: string): Reason => ({
  why: `the key of one of its fields is computed from '${name}', which no longer exists`,
  remedy: 'Write the key as a literal, or define the field in the constructor',
});

function refuseAssignment(code: Code, name: string, offset: number, by: string): never {
  const tool = toolOf(name);
  throw new CaptureError(
    `${by} assigns to the captured variable '${name}' (${showPosition(code.positionAt(offset))}); a thread has its own copy of ` +
      `what is captured, so the assignment would be lost. ` +
      (tool ? `'${name}' was put there by ${tool}. ` : '') +
      `Put the value into shared memory or shared(), or return it from the thread${code.isStamped ? '' : TRANSFORM}`,
  );
}

const TRANSFORM = `; or build the program with Heddle's transform, or run it by ${runtime.transforming}: then threads share such variables`;

function refuseUnshared(variable: Variable, path: Path): void {
  if (shareVariable(variable) !== undefined) return;
  throw new CaptureError(
    `${path.capture!.by} assigns to the captured variable '${variable.name}', which cannot be shared while it holds ${heldBy(variable)}: ` +
      'a copy in shared memory would be another object. Give it a value from shared() before the start, or return the new value from the thread',
  );
}

/** Before Node 22 the engine does not say that a variable is not initialised. */
const SILENT_DEAD_ZONE = Number.parseInt(process.versions.node, 10) < 22;

function encodeBinding(encoder: Encoder, fn: object, binding: Binding, at: number, code: Code, path: Path): Slot {
  const { name, bare, members } = code.analysis.free[at]!;
  if (binding.state === 'global') {
    const value = (globalThis as Record<string, unknown>)[name];
    encoder.read.push([globalThis, name, value]);
    return encoder.slot(value, path);
  }
  if (binding.state !== 'value') return encoder.poison(path, UNINITIALISED);
  const { value, fromModule } = binding;
  // `bare`: it is not only read.
  if (isObject(value) && isVariable(value)) {
    if (bare) refuseUnshared(value, path);
    return encoder.slot(value, path);
  }
  if (value === undefined && SILENT_DEAD_ZONE && !code.isStamped && isUninitialised(code, name))
    return encoder.poison(path, UNINITIALISED);
  const own = threadsOwn(code, name, value);
  if (own) return encoder.add(own);
  const made = encodeToolVariable(encoder, name, code);
  if (made) return made;
  if (!isObject(value)) return encoder.slot(value, path);
  // A test's stand-in for a module: it throws when it is asked for what it does not have.
  if (isProxy(value))
    return MODULE.test(name) && !bare ? encodeMembers(encoder, value, members, path) : encoder.slot(value, path);
  const variable = { fn, code, name, inspections: encoder.inspections };
  if (madeOf(value)) complete(encoder, variable, value);
  else if (!encoder.seen.has(value) && mayBeImported(encoder, value)) {
    const found = fromModule ? (packageImport(code, name) ?? importedThrough(encoder, code, name, value)) : undefined;
    const known = found ?? exportedAs(encoder, value);
    if (known && path.inside === undefined && complete(encoder, variable, value, encoder.byName(known)))
      return encoder.slot(value, path);
    if (found) return encoder.add(encoder.byName(found), value);
  }
  return !bare && isNamespaceLike(encoder, value)
    ? encodeMembers(encoder, value, members, path)
    : encoder.slot(value, path);
}

/** What test runners call the modules that a module imports. */
const MODULE = /^__(?:vi|vite_ssr)_import_\d+__$/;

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Variables that tools put into a module, whose values mean something only in the module's own thread. */
function encodeToolVariable(encoder: Encoder, name: string, { record }: Code): Slot {
  if (/^cov_[0-9a-z]{6,}$/i.test(name)) return encoder.add(['sink', undefined]);
  if (name === '__vite_ssr_dynamic_import__') return encoder.add(['importFunction', record.file]);
  if (name === '__vite_ssr_import_meta__') return encoder.add(['importMeta', record.file]);
  return undefined;
}

function encodeRebuilt(
  encoder: Encoder,
  pending: Pending,
  payload: FunctionPayload,
  { record, env, own, self }: Rebuilt,
): void {
  const by = labelOf(payload.name, record);
  payload.env.length = env.length;
  for (const [at, name] of record.free.entries()) {
    if (!(at in env)) continue;
    const known = own?.[at];
    payload.env[at] = known
      ? encoder.add(known)
      : encoder.slot(env[at], rootPath(name, { by, declared: () => undefined }));
  }
  if (self) payload.self = encoder.slot(self.value, rootPath('this', { by, declared: () => undefined }));
  if (record.outer.length > 0) {
    const why = `it belongs to the function around ${by}`;
    payload.outer = record.outer.map((what) =>
      explainPoison(rootPath(what), { why, remedy: 'Pass it as an argument' }),
    );
  }
  encodeShape(encoder, pending, payload, record, analysisOf(record));
}

const analyses = new WeakMap<CodeRecord, Analysis>();

/** Of a text that was analysed in another thread. */
function analysisOf(record: CodeRecord): Analysis {
  let analysis = analyses.get(record);
  if (!analysis) {
    analysis = analyse(record.text);
    analyses.set(record, analysis);
  }
  return analysis;
}

/** What a function is beside code and environment: its class's heritage and private state, its properties, its prototype. */
function encodeShape(
  encoder: Encoder,
  pending: Pending,
  payload: FunctionPayload,
  record: CodeRecord,
  analysis: Analysis,
): void {
  const { value: fn, path } = pending;
  const { shape } = analysis;
  if (shape?.extendsValue) payload.heritage = encoder.slot(Object.getPrototypeOf(fn), partPath(path, '.<superclass>'));
  if (record.privates.length > 0) {
    const { privates } = inspectPrivates(encoder, fn);
    encoder.changing = true;
    payload.privates = record.privates.map((name) =>
      encoder.slot(privates.get(`#${name}`), propertyPath(path, `#${name}`, fn)),
    );
  }
  const keys = shape?.computed ?? [];
  if (keys.length > 0) payload.keys = keys.map((text) => encoder.key(computedKey(fn, text)));
  encodeOwnProperties(encoder, pending, analysis);
  encodePrototype(encoder, pending, payload, analysis);
}

const inspectPrivates = (encoder: Encoder, fn: object): Inspected => inspectFunction(fn, encoder.inspections);

/** The key of the member with this text: it was computed when the class was made, and what from may be gone. */
function computedKey(fn: object, { text, isStatic }: { text: string; isStatic: boolean }): PropertyKey | undefined {
  const holder: object = isStatic ? fn : (fn as { prototype: object }).prototype;
  return Reflect.ownKeys(holder).find((key) => {
    const found = Object.getOwnPropertyDescriptor(holder, key)!;
    return [found.value, found.get, found.set].some((part) => typeof part === 'function' && textOf(part) === text);
  });
}

const textOf = (fn: object): string => Function.prototype.toString.call(fn);

/** Properties that every function has, or that belong to sloppy mode. */
const USUAL = new Set<PropertyKey>(['length', 'name', 'prototype', 'arguments', 'caller']);

function encodeOwnProperties(
  encoder: Encoder,
  { value: fn, index, path }: Pending,
  analysis: Analysis | undefined,
): void {
  const keys = Reflect.ownKeys(fn);
  encoder.counted.push([fn, keys.length]);
  const own = keys.filter((key) => !USUAL.has(key) && !isWritten(fn, key, analysis, true));
  const node = encoder.nodes[index]!;
  for (const key of own) {
    const { get, set, value } = Object.getOwnPropertyDescriptor(fn, key)!;
    if (get || set) encoder.changing = true;
    else encoder.read.push([fn, key as string, value]);
  }
  if (own.length > 0) node[3] = encoder.properties(fn, own, path);
  const prototype = atHome(Object.getPrototypeOf(fn));
  if (!analysis?.shape?.extendsValue && !FUNCTION_PROTOTYPES.has(prototype))
    node[2] = encoder.prototypeOf(fn, fn, path);
}

const FUNCTION_PROTOTYPES = new Set<object | null>([
  Function.prototype,
  Object.getPrototypeOf(async () => {}),
  Object.getPrototypeOf(function* () {}),
  Object.getPrototypeOf(async function* () {}),
]);

/** Whether a property of a class, or of its prototype, is as the text of the class makes it. */
function isWritten(holder: object, key: PropertyKey, analysis: Analysis | undefined, isStatic: boolean): boolean {
  const members = analysis?.shape?.members;
  if (!members) return false;
  const { value, get, set } = Object.getOwnPropertyDescriptor(holder, key)!;
  return [value, get, set].every((part) => {
    if (part === undefined) return true;
    if (typeof part !== 'function') return false;
    const text = textOf(part);
    return members.some(
      (member) => member.isStatic === isStatic && member.text === text && (member.key ?? key) === key,
    );
  });
}

function encodePrototype(
  encoder: Encoder,
  { value: fn, index, path }: Pending,
  payload: FunctionPayload,
  analysis: Analysis,
): void {
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, 'prototype')?.value;
  if (typeof prototype !== 'object' || prototype === null) return;
  const prototypePath = propertyPath(path, 'prototype', fn);
  const isClass = analysis.form === 'class';
  const isGenerator = isGeneratorFunction(fn);
  const isOwn = isGenerator || ownerOf(prototype) === fn;
  if (!isOwn) {
    // Another object was put in the place of the one that the function made.
    const property: [Slot, Slot, number] = [
      'prototype',
      encoder.slot(prototype, prototypePath),
      flagsOf({ enumerable: false, configurable: false }),
    ];
    const node = encoder.nodes[index]!;
    node[3] = [...(node[3] ?? []), property];
    return;
  }
  if (!encoder.seen.has(prototype)) encoder.add(['prototype', [index]], prototype);
  const keys = Reflect.ownKeys(prototype);
  encoder.counted.push([prototype, keys.length]);
  const added = keys.filter((key) => key !== 'constructor' && !isWritten(prototype, key, analysis, false));
  const parent = atHome(Object.getPrototypeOf(prototype));
  const isUsual = parent === Object.prototype || isGenerator || (isClass && analysis.shape!.extendsValue);
  const nullHeritage = isClass && parent === null;
  if (added.length === 0 && (isUsual || nullHeritage)) return;
  encoder.changing = true;
  payload.prototype = { properties: encoder.properties(prototype, added, prototypePath) };
  if (!isUsual && !nullHeritage)
    payload.prototype.proto = encoder.slot(parent, propertyPath(prototypePath, '__proto__', prototype));
}
