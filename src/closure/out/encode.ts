// Turns a graph of live values into a table of nodes. Breadth first and without recursion, so that no structure is too deep.
//
// Arguments are walked first, functions in them set aside; then the functions, with what they have captured. So a value that can be
// reached both ways counts as an argument: it is one object in the thread, and not frozen.
import { addressOf } from '../../heap/inflight.js';
import type { Inspected } from '../../platform/inspector.js';
import { isArgumentsObject, isModuleNamespaceObject, isProgramProxy } from '../../platform/kinds.js';
import { madeOf } from '../again.js';
import { flagsOf, impliedFlags, integrityOf, isIndex } from '../attributes.js';
import { CaptureError } from '../errors.js';
import type { Export } from '../exports.js';
import {
  EXTENSIBLE,
  FREEZABLE,
  type Graph,
  type Node,
  type Property,
  type Ref,
  type Slot,
  WRITABLE,
} from '../graph.js';
import { poisons } from '../rebuilt.js';
import { copyOfFlat, isFlatArray, isFlatObject, isPrimitive } from '../values/flat.js';
import { insideReason, isProgramsOwn, makerOf, secretsOf } from '../values/insides.js';
import { hiddenStateOf, ownerOf } from '../values/instances.js';
import { withLazyProperties } from '../values/ordinary.js';
import { expireExports, exportOf } from '../values/packages.js';
import {
  explainPoison,
  explainRefusal,
  MAKE_THERE,
  memberPath,
  type Path,
  propertyPath,
  type Reason,
} from '../values/paths.js';
import { structPartsOf } from '../values/structs.js';
import { symbolNode } from '../values/symbols.js';
import { isVariable, shareVariable, type Variable } from '../values/variables.js';
import {
  atHome,
  builtinNameOf,
  globalNameOf,
  platformNameOf,
  sampleNameOf,
  type WellKnown,
} from '../values/wellknown.js';
import { readInPackage } from './accessors.js';
import { encodeCompany } from './company.js';
import { Detours, isDetour } from './detours.js';
import { encodeAgain } from './encode-again.js';
import { encodeError } from './encode-error.js';
import { encodeFunction } from './encode-function.js';
import { encodeNamespace } from './encode-module.js';
import { encodeExotic } from './encode-object.js';
import type { Encoder, Kept, Part, Pending } from './encoder.js';
import { Luggage } from './luggage.js';

export class GraphEncoder extends Luggage implements Encoder {
  readonly nodes: Node[] = [];
  readonly inspections: Map<object, Inspected>;
  readonly counted: [owner: object, keys: number][] = [];
  readonly read: [owner: object, name: string, value: unknown][] = [];
  changing = false;
  readonly seen = new Map<unknown, number>();
  readonly #kept: Kept | undefined;
  readonly partial = new Map<object, number>();
  readonly #data: Pending[] = [];
  /** Parts of errors come after all other data: what is reached both ways may not be left out. */
  readonly #parts: Pending[] = [];
  /** Those that wait for their turn. */
  readonly #partOf = new Map<number, Pending>();
  #part: Part;
  readonly #functions: Pending[] = [];
  #passing = true;
  readonly detours = new Detours();

  constructor(kept?: Kept, inspections = new Map<object, Inspected>(), gives = true) {
    super(gives);
    this.#kept = kept;
    expireExports();
    this.inspections = inspections;
  }

  /** Walks `passed`, then `started`, and gives their graph. With `thrown`, what is passed is so as the parts of errors are. */
  encode(passed: readonly (readonly [unknown, Path])[], started?: readonly [object, Path], thrown = false): Graph {
    const walk = (): Graph => this.#walk(passed, started, thrown);
    return this.detours.until(walk, () => this.#forget());
  }

  /** It has turned out that something travels otherwise than the walk has begun with it. */
  #forget(): void {
    this.unpack();
    const made = [this.nodes, this.counted, this.read];
    for (const list of [...made, this.#data, this.#parts, this.#functions]) list.length = 0;
    this.seen.clear();
    this.partial.clear();
    this.#partOf.clear();
    this.changing = false;
    this.#passing = true;
  }

  #walk(passed: readonly (readonly [unknown, Path])[], started: readonly [object, Path] | undefined, thrown: boolean) {
    this.#part = thrown ? 'data' : undefined;
    const roots = passed.map(([value, path]) => this.slot(value, path));
    this.#part = undefined;
    this.#drain(this.#data);
    this.#drain(this.#parts);
    const capturedFrom = this.nodes.length;
    if (started) roots.unshift(this.slot(...started));
    this.#passing = false;
    while (this.#functions.length > 0 || this.#data.length > 0 || this.#parts.length > 0) {
      this.#drain(this.#data);
      this.#drain(this.#parts);
      this.#drain(this.#functions);
    }
    return { nodes: this.nodes, roots, capturedFrom };
  }

  /** Lists may grow while they are walked. */
  #drain(list: Pending[]): void {
    for (const pending of list) {
      if (pending.part === undefined) this.#any(pending);
      else if (this.#partOf.delete(pending.index)) this.#whatCan(pending);
    }
    list.length = 0;
  }

  #any(pending: Pending): void {
    const refused = this.detours.refused.get(pending.value);
    if (refused) this.#stay(pending, refused);
    else if (typeof pending.value === 'function') this.#function(pending);
    else this.#object(pending);
    if (pending.path.inside !== undefined) this.#own(pending.index);
  }

  /** What lies inside of packages is their own business, also to change. */
  #own(index: number): void {
    if (FREEZABLE.has(this.nodes[index]![0])) this.nodes[index]![4] ??= WRITABLE;
  }

  /** A part of an error, if it can travel. */
  #whatCan(pending: Pending): void {
    this.#part = typeof pending.value === 'function' ? 'captured' : pending.part;
    try {
      this.#any(pending);
    } catch (error) {
      if (isDetour(error)) throw error;
      const why = error instanceof CaptureError ? error.message : String(error);
      this.nodes[pending.index] = [pending.part === 'data' ? 'absent' : 'poison', why];
    } finally {
      this.#part = undefined;
    }
  }

  asParts<T>(make: () => T): T {
    const before = this.#part;
    this.#part = 'data';
    try {
      return make();
    } finally {
      this.#part = before;
    }
  }

  slot(value: unknown, path: Path): Slot {
    switch (typeof value) {
      case 'object':
        if (value === null) return value;
        break;
      case 'function':
        break;
      case 'symbol':
        return this.#symbol(value, path);
      default:
        return value as Slot;
    }
    const known = this.seen.get(value);
    if (known !== undefined) return this.#part === 'data' ? [known] : this.#known(known, path);
    const kept = this.#kept?.index.get(value);
    if (kept !== undefined) return this.add(['cached', { closure: this.#kept!.id, index: kept }], value);
    const made = madeOf(value);
    if (made) return encodeAgain(this, made, path, value);
    const ref = this.add(['raw', undefined], value);
    this.#wait({ value, index: ref[0], path, passed: this.#passing, part: this.#part });
    return ref;
  }

  #wait(pending: Pending): void {
    if (pending.part !== undefined) this.#partOf.set(pending.index, pending);
    const others = pending.part === undefined ? this.#data : this.#parts;
    (typeof pending.value === 'function' ? this.#functions : others).push(pending);
  }

  /** A node that is there already. What an error may be left without is missed here. */
  #known(index: number, path: Path): Ref {
    const pending = this.#partOf.get(index);
    if (pending !== undefined && this.#part === undefined) {
      this.#partOf.delete(index);
      this.#wait({ ...pending, path, passed: this.#passing, part: this.#part });
    }
    if (this.nodes[index]![0] !== 'absent') return [index];
    return this.poison(path, { why: 'it cannot be copied', remedy: MAKE_THERE });
  }

  add(node: Node, value?: unknown): Ref {
    const index = this.nodes.length;
    this.nodes.push(node);
    if (value !== undefined) this.seen.set(value, index);
    return [index];
  }

  leave(pending: Pending, reason: Reason): void {
    const { index, path, value } = pending;
    // It may be one of the platform's own objects, which looks like any other with hidden state.
    const name = typeof value === 'object' && value !== null ? platformNameOf(value) : undefined;
    if (name) {
      this.nodes[index] = this.byName(name);
      return;
    }
    this.detours.makeAgain(path, path.inside !== undefined, value);
    this.#stay(pending, insideReason(path, reason));
  }

  #stay({ index, path, passed, part }: Pending, reason: Reason): void {
    if (part === 'data') this.nodes[index] = ['absent', explainRefusal(path, reason)];
    else if (passed) throw new CaptureError(explainRefusal(path, reason));
    else this.nodes[index] = ['poison', explainPoison(path, reason)];
  }

  poison(path: Path, reason: Reason): Ref {
    return this.add(['poison', explainPoison(path, reason)]);
  }

  byName(name: WellKnown | Export): Node {
    if (name.tag === 'global') return ['global', name.path];
    if (name.tag === 'builtin') return ['builtin', { module: name.module, path: name.path }];
    return name.tag === 'import' ? ['import', name.payload] : ['require', name.payload];
  }

  #symbol(symbol: symbol, path: Path): Slot {
    const known = this.seen.get(symbol);
    if (known !== undefined) return [known];
    const node = symbolNode(symbol);
    if (node) return this.add(node, symbol);
    const reason = {
      why: `it is the unique symbol ${String(symbol)}, and a copy would be another one`,
      remedy: 'Use Symbol.for(), or make the symbol in the thread',
    };
    if (this.#part === 'data') return this.add(['absent', explainRefusal(path, reason)]);
    if (this.#passing) throw new CaptureError(explainRefusal(path, reason));
    this.detours.makeAgain(path, path.inside !== undefined);
    return this.poison(path, reason);
  }

  #function(pending: Pending): void {
    const { value, index } = pending;
    const why = poisons.get(value);
    if (why !== undefined) {
      if (pending.part === 'data') this.nodes[index] = ['absent', why];
      else if (pending.passed) throw new CaptureError(why);
      else this.nodes[index] = ['poison', why];
    } else if (!this.#struct(pending)) encodeFunction(this, pending);
  }

  /** The class of a struct travels by its definition. */
  #struct({ value, index, path }: Pending): boolean {
    const parts = structPartsOf(value);
    if (parts === undefined) return false;
    const { name, fields, source } = parts;
    this.nodes[index] = ['struct', { name, fields, source, methods: this.slot(parts.methods, path) }];
    return true;
  }

  #object(pending: Pending): void {
    const { value, index } = pending;
    if (isVariable(value)) {
      this.#variable(pending, value);
      return;
    }
    if (isProgramProxy(value)) {
      if (!this.#reference(pending)) this.leave(pending, { why: 'it is a Proxy', remedy: 'Pass the object behind it' });
      return;
    }
    const prototype = atHome(Object.getPrototypeOf(value));
    // Plain data first: it is most of what travels.
    if (prototype === Array.prototype && Array.isArray(value)) this.#array(pending, value);
    else if (this.#named(pending)) return;
    else if (prototype === Object.prototype) {
      const module = builtinNameOf(value);
      if (module) this.nodes[index] = this.byName(module);
      else if (isArgumentsObject(value)) this.#arguments(pending);
      else this.#plain(pending);
    } else if (!this.#reference(pending) && !encodeError(this, pending) && !encodeExotic(this, pending))
      this.#instance(pending);
  }

  #variable({ index, path }: Pending, variable: Variable): void {
    const { name } = variable;
    const record = shareVariable(variable);
    if (record === undefined) this.changing = true;
    this.nodes[index] = [
      'variable',
      record === undefined ? { name, own: this.slot(variable.own, path) } : { name, shared: this.slot(record, path) },
    ];
  }

  /** What every thread has, or the receiver can import. */
  #named({ value, index, path }: Pending): boolean {
    const name = globalNameOf(value) ?? exportOf(value);
    if (name) {
      this.nodes[index] = this.byName(name);
      return true;
    }
    const owner = ownerOf(value);
    if (!owner) return false;
    // Node does not export all of its classes.
    const sample = sampleNameOf(value, owner.name);
    this.nodes[index] = sample
      ? this.byName(sample)
      : ['prototype', this.slot(owner, propertyPath(path, 'constructor', value))];
    return true;
  }

  /** A shared object travels by reference. */
  #reference(pending: Pending): boolean {
    const address = addressOf(pending.value);
    if (address !== 0) {
      this.handles.push(address);
      this.nodes[pending.index] = ['shared', address];
      encodeCompany(this, pending);
    }
    return address !== 0;
  }

  #instance(pending: Pending): void {
    const { value, index, path } = pending;
    if (isModuleNamespaceObject(value)) this.nodes[index] = encodeNamespace(this, value, path);
    else if (Array.isArray(value)) this.#array(pending, value);
    else {
      const maker = makerOf(value, this.inspections);
      const inside = maker === undefined ? pending : { ...pending, path: { ...path, inside: path.inside ?? maker } };
      const hidden = hiddenStateOf(value, false, this.inspections) ?? (maker && secretsOf(value, maker));
      if (hidden && !maker && isProgramsOwn(value, this.inspections)) this.#stay(pending, hidden);
      else if (hidden) this.leave(inside, hidden);
      else this.#plain(inside);
      if (maker) this.#own(index);
    }
  }

  #plain({ value, index, path }: Pending): void {
    if (isFlatObject(value)) {
      this.changing = true;
      this.nodes[index] = ['raw', { ...value }];
      return;
    }
    if (!Object.isFrozen(value)) this.changing = true;
    this.nodes[index] = ['object', undefined, this.prototypeOf(value, Object.prototype, path)];
    this.finish(index, withLazyProperties(value), path);
  }

  #array({ index, path }: Pending, value: unknown[]): void {
    if (Object.getPrototypeOf(value) === Array.prototype && isFlatArray(value)) {
      this.changing = true;
      this.nodes[index] = ['raw', copyOfFlat(value)];
      return;
    }
    if (!Object.isFrozen(value)) this.changing = true;
    const items = new Array<Slot>(value.length);
    this.nodes[index] = ['array', items, this.prototypeOf(value, Array.prototype, path)];
    const implied = impliedFlags(integrityOf(value));
    const others: PropertyKey[] = [];
    for (const key of Reflect.ownKeys(value)) {
      if (key === 'length') continue;
      const found = Object.getOwnPropertyDescriptor(value, key)!;
      // Elements with accessors or attributes of their own are properties like any other.
      if (typeof key === 'string' && isIndex(key) && 'value' in found && (flagsOf(found) & ~implied) === 0) {
        items[Number(key)] = this.slot(found.value, propertyPath(path, Number(key), value));
      } else others.push(key);
    }
    this.finish(index, value, path, others);
  }

  #arguments({ value, index, path }: Pending): void {
    const items = Array.from(value as ArrayLike<unknown>);
    this.changing = true;
    this.nodes[index] = ['arguments', items.map((item, at) => this.slot(item, propertyPath(path, at, value)))];
  }

  finish(index: number, value: object, path: Path, keys: PropertyKey[] = Reflect.ownKeys(value)): void {
    const node = this.nodes[index]!;
    const integrity = integrityOf(value);
    if (keys.length > 0) node[3] = this.properties(value, keys, path, impliedFlags(integrity));
    if (integrity !== EXTENSIBLE) node[4] = integrity;
  }

  properties(value: object, keys: readonly PropertyKey[], path: Path, implied = 0): Property[] {
    const properties: Property[] = [];
    for (const key of keys) {
      const slot = this.key(key);
      // Who holds a unique symbol cannot bring it along, so nobody can look for its property there.
      if (slot === undefined) continue;
      const found = readInPackage(this, value, Object.getOwnPropertyDescriptor(value, key)!);
      properties.push(this.#property(slot, found, path, key as string | symbol, value, implied));
    }
    return properties;
  }

  #property(
    slot: Slot,
    found: PropertyDescriptor,
    path: Path,
    key: string | symbol,
    owner: object,
    implied: number,
  ): Property {
    const flags = flagsOf(found) & ~implied;
    // Most properties are primitives, which need no path to say where they are.
    if ('value' in found && isPrimitive(found.value))
      return flags === 0 ? [slot, found.value] : [slot, found.value, flags];
    const here = memberPath(path, String(key), owner, found.value, key);
    const poisoned = found.get && poisons.get(found.get);
    if (poisoned !== undefined) {
      if (this.#part !== 'data' && this.#passing) throw new CaptureError(poisoned);
      return [slot, this.add([this.#part === 'data' ? 'absent' : 'poison', poisoned])];
    }
    if (!('value' in found)) return [slot, this.slot(found.get, here), this.slot(found.set, here), flags];
    const value = this.slot(found.value, here);
    return flags === 0 ? [slot, value] : [slot, value, flags];
  }

  key(key: PropertyKey | undefined): Slot {
    return typeof key === 'symbol' ? this.#key(key) : (key as string | undefined);
  }

  #key(symbol: symbol): Slot {
    const known = this.seen.get(symbol);
    if (known !== undefined) return [known];
    const node = symbolNode(symbol);
    return node && this.add(node, symbol);
  }

  prototypeOf(value: object, usual: object, path: Path): Slot {
    const prototype = atHome(Object.getPrototypeOf(value));
    return prototype === usual ? undefined : this.slot(prototype, propertyPath(path, '__proto__', value));
  }
}
