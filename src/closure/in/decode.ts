// Turns a table of nodes back into live values. A node is made when something first refers to it, empty, and filled later from a
// list: cycles and depth cost nothing. Only classes need others to be there first: what they extend, and their computed keys.
import { adoptCell } from '../../heap/inflight.js';
import { giveAllToGuest, giveToGuest } from '../../platform/guest.js';
import { importFrom, requireFrom } from '../../platform/modules.js';
import { guest } from '../../platform/outside.js';
import { rememberExport } from '../exports.js';
import {
  type AgainPayload,
  type CodeRecord,
  FIXED,
  FREEZABLE,
  FROZEN,
  HIDDEN,
  isRef,
  type Node,
  type Packet,
  type Payloads,
  type Property,
  READ_ONLY,
  SEALED,
  type Slot,
  WRITABLE,
} from '../graph.js';
import { freeze } from '../values/freeze.js';
import type { AnyFunction } from '../values/functions.js';
import { remake } from '../values/remake.js';
import { moduleStamper } from '../values/stamps.js';
import { defineFromParts } from '../values/structs.js';
import { symbolOf } from '../values/symbols.js';
import { isThreadsOwn } from '../values/thread-own.js';
import { ownVariable, variableOf } from '../values/variables.js';
import { builtinAt, globalAt } from '../values/wellknown.js';
import { madeValue, whenMade } from './decode-again.js';
import { emptyError, giveClass } from './decode-error.js';
import { isAtHome, makeFunction } from './decode-function.js';
import type { Decoder } from './decoder.js';
import { importedValue } from './imports.js';
import { metaOf, moduleObjectOf } from './modules.js';
import { poisonProperty, poisonValue, sink } from './poison.js';

/** Decoders of closures that this thread keeps. */
export const keptClosures = new Map<number, { readonly decoder: GraphDecoder; readonly fn: unknown }>();

/** Nodes of new objects of the language's classes. */
const GIVEN = new Set(['raw', 'object', 'array', 'map', 'set', 'date', 'regexp', 'error', 'view', 'bytes']);

/** What a function waits for, and how it takes it. */
interface Waiting {
  readonly payload: AgainPayload;
  readonly take: () => void;
}

export class GraphDecoder implements Decoder {
  /** What is made later may need it. */
  readonly codes: readonly CodeRecord[];
  readonly #nodes: readonly Node[];
  readonly #capturedFrom: number;
  readonly #bytes: readonly Uint8Array<ArrayBuffer>[];
  readonly #values: unknown[];
  readonly #made: boolean[];
  readonly #fills: (() => void)[] = [];
  #filled = 0;
  readonly #waiting: Waiting[] = [];
  readonly #finished: number[] = [];
  readonly #hasGuest = guest() !== undefined;

  constructor({ graph: { nodes, capturedFrom }, bytes, codes }: Packet) {
    this.codes = codes;
    this.#nodes = nodes;
    this.#bytes = bytes;
    this.#capturedFrom = capturedFrom;
    this.#values = new Array(nodes.length);
    this.#made = new Array<boolean>(nodes.length).fill(false);
  }

  /** The complete value of a slot. */
  decode(slot: Slot): unknown {
    const value = this.value(slot);
    this.finish();
    return value;
  }

  threadsOwn(slots: readonly Slot[]): (Node | undefined)[] | undefined {
    let own: (Node | undefined)[] | undefined;
    for (const [at, slot] of slots.entries()) {
      const node = isRef(slot) ? this.#nodes[slot[0]] : undefined;
      if (node === undefined || !isThreadsOwn(node)) continue;
      own ??= [];
      own[at] = node;
    }
    return own;
  }

  /** Completes all values that were asked for. */
  finish(): void {
    this.settle();
    this.makeEarlier(undefined);
    for (const index of this.#finished) this.#close(index);
    this.#finished.length = 0;
  }

  settle(): void {
    for (;;) {
      const fill = this.#fills[this.#filled];
      if (fill === undefined) break;
      this.#filled++;
      fill();
    }
    this.#fills.length = 0;
    this.#filled = 0;
  }

  whenMade(slot: Slot, take: (value: unknown) => void): void {
    const node = isRef(slot) ? this.#nodes[slot[0]] : undefined;
    if (node?.[0] !== 'again') take(this.value(slot));
    else this.#waiting.push({ payload: node[1], take: () => take(this.value(slot)) });
  }

  makeEarlier(next: AgainPayload | undefined): void {
    for (;;) {
      let first: Waiting | undefined;
      for (const each of this.#waiting) {
        const { file, order } = each.payload;
        const isEarlier = !next || (file === next.file && order < next.order);
        if (isEarlier && (first === undefined || order < first.payload.order)) first = each;
      }
      if (first === undefined) return;
      this.#waiting.splice(this.#waiting.indexOf(first), 1);
      whenMade(first.payload, first.take);
      this.settle();
    }
  }

  metaFor(record: CodeRecord): object | undefined {
    return record.importMeta ? metaOf(record.file) : undefined;
  }

  value(slot: Slot): unknown {
    return isRef(slot) ? this.#make(slot[0]) : slot;
  }

  isPoison(slot: Slot): boolean {
    return isRef(slot) && this.#nodes[slot[0]]![0] === 'poison';
  }

  isAbsent(slot: Slot): boolean {
    return isRef(slot) && this.#nodes[slot[0]]![0] === 'absent';
  }

  /** Whether a prototype is that of a class that has stayed behind. */
  #isClassAbsent(prototype: Slot): boolean {
    const node = isRef(prototype) ? this.#nodes[prototype[0]]! : undefined;
    return node !== undefined && (node[0] === 'absent' || (node[0] === 'prototype' && this.isAbsent(node[1])));
  }

  later(fill: () => void): void {
    this.#fills.push(fill);
  }

  #make(index: number): unknown {
    if (this.#made[index]) return this.#values[index];
    const node = this.#nodes[index]!;
    // Making it can need itself, so it is not kept here.
    if (node[0] === 'again') return madeValue(this, node[1]);
    const value = this.#empty(node);
    if (this.#hasGuest && GIVEN.has(node[0])) (node[0] === 'raw' ? giveAllToGuest : giveToGuest)(value);
    // Making a class can have made itself, by way of what it needs first.
    if (this.#made[index]) return this.#values[index];
    this.#values[index] = value;
    this.#made[index] = true;
    if (node[0] === 'function' && isAtHome(value as object)) return value;
    this.#finished.push(index);
    this.#fillLater(node, value);
    return value;
  }

  #empty(node: Node): unknown {
    switch (node[0]) {
      case 'raw':
        return node[1];
      case 'object': {
        const prototype = node[2];
        return prototype === undefined || this.#isClassAbsent(prototype)
          ? {}
          : Object.create(this.value(prototype) as object | null);
      }
      case 'array':
        return new Array(node[1].length);
      case 'map':
        return new Map();
      case 'set':
        return new Set();
      case 'date':
        return new Date(node[1]);
      case 'regexp':
        return Object.assign(new RegExp(node[1].source, node[1].flags), { lastIndex: node[1].lastIndex });
      case 'boxed':
        return Object(this.value(node[1]));
      case 'error':
        return emptyError(node[1]);
      case 'view':
        return this.#view(node[1]);
      case 'bytes':
        return this.#buffer(node[1]);
      case 'buffer':
        return Buffer.from(this.#bytes[node[1]]!.buffer);
      case 'arguments':
        return argumentsOf(node[1].map((slot) => this.value(slot)));
      case 'symbol':
        return symbolOf(node[1]);
      case 'url':
        return new URL(node[1]);
      case 'params':
        return new URLSearchParams(node[1]);
      case 'remade': {
        const { as, data, values } = node[1];
        return remake(
          as,
          data,
          values.map((slot) => this.value(slot)),
        );
      }
      case 'struct': {
        const methods = this.value(node[1].methods) as AnyFunction | undefined;
        return defineFromParts({ ...node[1], methods });
      }
      case 'shared':
        return adoptCell(node[1]);
      case 'function':
        return makeFunction(this, node[1]);
      case 'bound':
        return this.#bound(node[1]);
      case 'prototype':
        return (this.value(node[1]) as { prototype: object }).prototype;
      case 'member': {
        const { home, key, part } = node[1];
        return Object.getOwnPropertyDescriptor(this.value(home), this.value(key) as PropertyKey)?.[part];
      }
      case 'cached': {
        const { decoder } = keptClosures.get(node[1].closure)!;
        return decoder.decode([node[1].index]);
      }
      case 'stamper':
        return moduleStamper(node[1]);
      case 'variable':
        return this.#variable(node[1]);
      case 'poison':
        return poisonValue(node[1]);
      case 'absent':
        return undefined;
      case 'sink':
        return sink();
      default:
        return this.#named(node);
    }
  }

  #variable(payload: Payloads['variable']): object {
    if ('shared' in payload) return variableOf(payload.name, this.value(payload.shared) as object);
    const variable = ownVariable(payload.name);
    this.later(() =>
      this.whenMade(payload.own, (value) => {
        variable.own = value;
      }),
    );
    return variable;
  }

  /** What this thread has of its own. */
  #named(node: Node): unknown {
    switch (node[0]) {
      case 'global':
        return globalAt(node[1]);
      case 'builtin':
        return builtinAt(node[1].module, node[1].path);
      case 'import': {
        const value = importedValue(node[1]);
        rememberExport(value, { tag: 'import', payload: node[1] });
        return value;
      }
      case 'require': {
        const { file, name } = node[1];
        const exports: unknown = requireFrom(file)(file);
        return name === undefined ? exports : (exports as Record<string, unknown>)[name];
      }
      case 'requireFunction':
        return requireFrom(node[1]);
      case 'moduleObject':
        return moduleObjectOf(node[1].file);
      case 'importFunction':
        return importFrom(node[1]);
      case 'importMeta':
        return metaOf(node[1]);
      default:
        throw new Error(`unknown node ${node[0]}`);
    }
  }

  #fillLater(node: Node, value: unknown): void {
    if (node[0] === 'error') giveClass(this, value as object, node[1], node[3]);
    if (node[2] !== undefined && node[0] !== 'object' && !this.#isClassAbsent(node[2])) {
      Object.setPrototypeOf(value, this.value(node[2]) as object | null);
    }
    switch (node[0]) {
      case 'array':
        // Holes stay holes.
        this.later(() => {
          for (const at of Object.keys(node[1])) {
            const item = node[1][Number(at)];
            this.#define(value as object, [at, this.isAbsent(item) ? undefined : item]);
          }
        });
        break;
      case 'map':
        this.later(() => {
          const slots = node[1];
          for (let at = 0; at < slots.length; at += 2) {
            if (this.isAbsent(slots[at]) || this.isAbsent(slots[at + 1])) continue;
            Map.prototype.set.call(value, this.value(slots[at]), this.value(slots[at + 1]));
          }
        });
        break;
      case 'set':
        this.later(() => {
          for (const slot of node[1]) if (!this.isAbsent(slot)) Set.prototype.add.call(value, this.value(slot));
        });
        break;
      case 'moduleObject':
        this.later(() => {
          (value as NodeJS.Module).exports = this.value(node[1].exports);
        });
        break;
    }
    const properties = node[3];
    if (properties) this.later(() => this.define(value as object, properties));
  }

  define(target: object, properties: readonly Property[]): void {
    for (const property of properties) this.#define(target, property);
  }

  #define(target: object, property: Property): void {
    if (property.length !== 4 && this.isAbsent(property[1])) return;
    const key = this.value(property[0]) as PropertyKey;
    if (property.length === 4) {
      const accessors = { get: this.value(property[1]), set: this.value(property[2]) } as PropertyDescriptor;
      Object.defineProperty(target, key, { ...accessors, ...attributes(property[3]) });
    } else if (this.isPoison(property[1])) {
      const [, text] = this.#nodes[(property[1] as readonly [number])[0]]!;
      Object.defineProperty(target, key, poisonProperty(text as string));
    } else {
      const flags = property[2] ?? 0;
      const value = this.value(property[1]);
      Object.defineProperty(target, key, { value, writable: (flags & READ_ONLY) === 0, ...attributes(flags) });
    }
  }

  #close(index: number): void {
    const node = this.#nodes[index]!;
    const value = this.#values[index];
    if (node[4] === WRITABLE) return;
    if (index >= this.#capturedFrom && FREEZABLE.has(node[0])) {
      if ((typeof value === 'object' && value !== null) || typeof value === 'function') this.#freeze(node, value);
      return;
    }
    const integrity = node[4];
    if (integrity === undefined) return;
    if (integrity === FROZEN) Object.freeze(value);
    else if (integrity === SEALED) Object.seal(value);
    else Object.preventExtensions(value);
  }

  #freeze(node: Node, value: object): void {
    // Of what the platform cloned, only flat data is this thread's own.
    if (node[0] === 'raw' && !Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return;
    freeze(value, node[4] === FROZEN);
  }

  #buffer({ at, limit }: Payloads['bytes']): ArrayBuffer {
    const bytes = this.#bytes[at]!;
    if (limit === undefined) return bytes.buffer;
    type Resizable = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
    const buffer = new (ArrayBuffer as Resizable)(bytes.byteLength, { maxByteLength: limit });
    new Uint8Array(buffer).set(bytes);
    return buffer;
  }

  #view({ type, buffer, offset, length }: Payloads['view']): ArrayBufferView {
    const bytes = this.value(buffer) as ArrayBuffer;
    if (type === 'Buffer') return Buffer.from(bytes, offset, length);
    type View = new (buffer: ArrayBuffer, offset: number, length: number | undefined) => ArrayBufferView;
    return new (globalThis as unknown as Record<string, View>)[type]!(bytes, offset, length);
  }

  #bound({ target, self, args }: Payloads['bound']): unknown {
    const values = args.map((slot) => this.value(slot));
    const fn = this.value(target) as (...args: unknown[]) => unknown;
    return fn.bind(this.value(self), ...values);
  }
}

const attributes = (flags: number): { enumerable: boolean; configurable: boolean } => ({
  enumerable: (flags & HIDDEN) === 0,
  configurable: (flags & FIXED) === 0,
});

function argumentsOf(values: unknown[]): IArguments {
  return (
    function () {
      return arguments;
    } as (...values: unknown[]) => IArguments
  )(...values);
}
