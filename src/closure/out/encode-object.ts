// Objects that are more than their properties.
import { attachment } from '../../heap/attachment.js';
import { bufferOfView, isDetached, shareBuffer } from '../../heap/buffer.js';
import { addressOf } from '../../heap/inflight.js';
import { followsLength } from '../../platform/insides.js';
import {
  isAnyArrayBuffer,
  isBoxedPrimitive,
  isDataView,
  isDate,
  isExternal,
  isGeneratorObject,
  isMap,
  isMapIterator,
  isPromise,
  isRegExp,
  isSet,
  isSetIterator,
  isSharedArrayBuffer,
  isWeakMap,
  isWeakSet,
} from '../../platform/kinds.js';
import { asUrl, commonjsModuleClass } from '../../platform/modules.js';
import type { Node, Slot } from '../graph.js';
import { attachedBytes, classOf, explainAttached } from '../values/attached.js';
import { isPrimitive } from '../values/flat.js';
import { isWriteRefusal } from '../values/freeze.js';
import { kindOf } from '../values/functions.js';
import { hiddenStateOf } from '../values/instances.js';
import { MAKE_THERE, partPath, propertyPath, type Reason } from '../values/paths.js';
import { isConstant, takeApart } from '../values/remake.js';
import type { Encoder, Pending } from './encoder.js';

/** Fills the node of an exotic object, or says that it is not one. */
export function encodeExotic(encoder: Encoder, pending: Pending): boolean {
  const { value, index } = pending;
  const reason = reasonToStay(encoder, value);
  if (reason) {
    encoder.leave(pending, reason);
    return true;
  }
  const byValue =
    encodeByValue(encoder, pending) ??
    encodeRemade(encoder, pending) ??
    encodeTransferred(encoder, pending) ??
    encodeModule(encoder, pending);
  if (byValue) {
    encoder.nodes[index] = byValue;
    return true;
  }
  const container = encodeContainer(encoder, pending);
  if (!container) return false;
  const hidden = hiddenStateOf(value, true, encoder.inspections);
  if (hidden) {
    encoder.leave(pending, hidden);
    return true;
  }
  const { node, usual, ignored, constant } = container;
  encoder.nodes[index] = node;
  node[2] = encoder.prototypeOf(value, usual, pending.path);
  // Listing the keys of a typed array makes a string for each element: properties of its own are not worth it.
  const keys = ArrayBuffer.isView(value)
    ? []
    : Reflect.ownKeys(value).filter(
        (key) => !ignored(key) && !isWriteRefusal(Object.getOwnPropertyDescriptor(value, key)!.value),
      );
  encoder.finish(index, value, pending.path, keys);
  if (!constant) encoder.changing = true;
  return true;
}

function reasonToStay(encoder: Encoder, value: object): Reason | undefined {
  if (isPromise(value)) return { why: 'it is a promise', remedy: 'Await it first, and take its result' };
  if (isWeakMap(value)) return stays('a WeakMap', `Use a Map. ${MAKE_THERE}`);
  if (isWeakSet(value)) return stays('a WeakSet', `Use a Set. ${MAKE_THERE}`);
  if (value instanceof WeakRef) return stays('a WeakRef', 'Pass what it refers to');
  if (isGeneratorObject(value))
    return stays('a running generator', 'Take what it yields, [...generator], or call its function in the thread');
  if (isMapIterator(value) || isSetIterator(value) || isIterator(encoder, value))
    return stays('an iterator', 'Pass what it iterates over');
  if ((ArrayBuffer.isView(value) || isAnyArrayBuffer(value)) && isDetached(bufferBehind(value)))
    return { why: 'its memory was transferred away', remedy: 'Pass what it was transferred to, or a copy made before' };
  if (isExternal(value)) return stays('a native pointer', MAKE_THERE);
  return undefined;
}

/** Iterators over arrays, strings, headers and matches, and helpers of iterators: nothing but their prototype says what they are. */
function isIterator(encoder: Encoder, value: object): boolean {
  const tag = tagOf(value);
  if (!tag.endsWith('Iterator') && tag !== 'Iterator Helper') return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  const next: unknown = prototype && Object.getOwnPropertyDescriptor(prototype, 'next')?.value;
  return typeof next === 'function' && !/^(?:source|rebuilt)$/.test(kindOf(next, encoder.inspections).kind);
}

const stays = (what: string, remedy: string): Reason => ({ why: `it is ${what}, which cannot be copied`, remedy });

const bufferBehind = (value: ArrayBufferView | ArrayBufferLike): ArrayBufferLike =>
  ArrayBuffer.isView(value) ? bufferOfView(value) : value;

type Prototyped = { readonly prototype: object };

/** What an object says it is. Asking may run a getter of the program's. */
function tagOf(value: object): string {
  try {
    return String((value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]);
  } catch {
    return '';
  }
}

/** Whether `value` is an instance of exactly the platform's class of this name; asking does not load it. */
function isInstance(value: object, name: string): boolean {
  if (tagOf(value) !== name) return false;
  const found = (globalThis as unknown as Record<string, Prototyped | undefined>)[name];
  return found !== undefined && Object.getPrototypeOf(value) === found.prototype;
}

function encodeByValue(encoder: Encoder, pending: Pending): Node | undefined {
  const { value } = pending;
  if (isSharedArrayBuffer(value)) {
    const address = addressOf(shareBuffer(value));
    encoder.handles.push(address);
    return ['shared', address];
  }
  if (isInstance(value, 'URL') || isInstance(value, 'URLSearchParams')) {
    encoder.changing = true;
    const node: Node = [tagOf(value) === 'URL' ? 'url' : 'params', String(value)];
    encoder.nodes[pending.index] = node;
    encoder.finish(pending.index, value, pending.path);
    return node;
  }
  const bytes = attachedBytes(value, encoder.inspections);
  return bytes === undefined ? undefined : encodeAttached(encoder, pending, bytes);
}

function encodeAttached(encoder: Encoder, pending: Pending, bytes: number): Node {
  const { value, index } = pending;
  try {
    const address = attachment(value, bytes);
    encoder.handles.push(address);
    return ['shared', address];
  } catch (error) {
    if ((error as Error).name === 'MemoryError') throw error;
    const { what, remedy = MAKE_THERE } = explainAttached(value);
    encoder.leave(pending, { why: `it is ${what}`, remedy });
    return encoder.nodes[index]!;
  }
}

/** What is made again from its parts. */
function encodeRemade(encoder: Encoder, pending: Pending): Node | undefined {
  const { value, index, path } = pending;
  const found = takeApart(value, encoder.inspections);
  if (found === undefined) return undefined;
  if ('why' in found) {
    encoder.leave(pending, found);
    return encoder.nodes[index];
  }
  const { as, parts } = found;
  const values = (parts.values ?? []).map((part, at) => encoder.slot(part, partPath(path, `.<part ${at}>`)));
  const node: Node = ['remade', { as, data: parts.data, values }];
  encoder.nodes[index] = node;
  const keys = Reflect.ownKeys(value);
  encoder.finish(index, value, path, keys);
  if (!isConstant(as) || keys.length > 0) encoder.changing = true;
  return node;
}

const TRANSFERRED = new Set(['MessagePort', 'ReadableStream', 'WritableStream', 'TransformStream']);

function encodeTransferred(encoder: Encoder, pending: Pending): Node | undefined {
  const { value, passed, part, index } = pending;
  const name = classOf(value)?.name ?? '';
  if (!TRANSFERRED.has(name) || !(value instanceof globalClass(name))) return undefined;
  if (passed && !part && encoder.gives) {
    // Found out here: where the platform finds it, it has taken away already what comes before it.
    if (isLocked(value)) {
      encoder.leave(pending, {
        why: `it is a ${name} that is in use, and can only be in one thread`,
        remedy: 'Pass it before you take its reader or writer, or release that',
      });
      return encoder.nodes[index];
    }
    return ['shared', encoder.give(value, pending.path)];
  }
  encoder.leave(pending, {
    why: `it is a ${name}, which can only be in one thread`,
    remedy:
      'Pass it as an argument of a thread or a task: it is then transferred, and this thread cannot use it any more',
  });
  return encoder.nodes[index];
}

/** Whether somebody reads from a stream, or writes to it. */
function isLocked(value: object): boolean {
  if (value instanceof TransformStream) return value.readable.locked || value.writable.locked;
  return (value as { locked?: boolean }).locked === true;
}

const globalClass = (name: string) => (globalThis as unknown as Record<string, new () => object>)[name]!;

/** `import.meta` and `module`, when they are values. */
function encodeModule(encoder: Encoder, { value, path }: Pending): Node | undefined {
  if (Object.getPrototypeOf(value) === null) {
    const { url, resolve } = Object.getOwnPropertyDescriptors(value) as Record<string, PropertyDescriptor | undefined>;
    const isMeta = typeof url?.value === 'string' && typeof resolve?.value === 'function';
    return isMeta ? ['importMeta', asUrl(url.value as string)] : undefined;
  }
  if (value instanceof (commonjsModuleClass() as new () => NodeJS.Module)) {
    encoder.changing = true;
    const exports = encoder.slot(value.exports, propertyPath(path, 'exports', value));
    return ['moduleObject', { file: value.filename, exports }];
  }
  return undefined;
}

interface Container {
  readonly node: Node;
  readonly usual: object;
  readonly ignored: (key: PropertyKey) => boolean;
  /** Shared, or without anything that could change. */
  readonly constant?: boolean;
}

const none = (_key: PropertyKey): boolean => false;

function encodeContainer(encoder: Encoder, { value, path }: Pending): Container | undefined {
  const own = (node: Node, usual: object, ignored = none): Container => ({ node, usual, ignored });
  const part = (item: unknown, text: () => string): Slot =>
    isPrimitive(item) ? (item as Slot) : encoder.slot(item, partPath(path, text()));
  if (isMap(value)) {
    const slots: Slot[] = [];
    for (const [key, item] of value) {
      const at = slots.length / 2;
      slots.push(
        part(key, () => `<key ${at}>`),
        part(item, () => `.get(${describeKey(key)})`),
      );
    }
    return own(['map', slots], Map.prototype);
  }
  if (isSet(value)) {
    const slots: Slot[] = [];
    for (const item of value) slots.push(part(item, () => `<member ${slots.length}>`));
    return own(['set', slots], Set.prototype);
  }
  if (isDate(value)) return own(['date', value.getTime()], Date.prototype);
  if (isRegExp(value)) return regexpContainer(value);
  if (ArrayBuffer.isView(value)) return viewContainer(encoder, value, path);
  if (isAnyArrayBuffer(value)) return own(bytesNode(encoder, value as ArrayBuffer), ArrayBuffer.prototype);
  if (isBoxedPrimitive(value)) {
    const primitive: unknown = value.valueOf();
    const ignored = (key: PropertyKey): boolean =>
      typeof primitive === 'string' && (key === 'length' || !Number.isNaN(Number(key)));
    return own(
      ['boxed', encoder.slot(primitive, path)],
      (Object(primitive) as Prototyped & { constructor: Prototyped }).constructor.prototype,
      ignored,
    );
  }
  return undefined;
}

function describeKey(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key);
  return typeof key === 'object' || typeof key === 'function' ? '…' : String(key);
}

function regexpContainer(value: RegExp): Container {
  const { source, flags, lastIndex } = value;
  const node: Node = ['regexp', { source, flags, lastIndex }];
  // Without these flags `lastIndex` means nothing: the expression is as constant as its text.
  const constant = !value.global && !value.sticky && Reflect.ownKeys(value).length === 1;
  return { node, usual: RegExp.prototype, ignored: (key) => key === 'lastIndex', constant };
}

function bytesNode(encoder: Encoder, buffer: ArrayBuffer): Node {
  const { resizable = false, maxByteLength } = buffer as ArrayBuffer & { resizable?: boolean; maxByteLength?: number };
  return ['bytes', { at: encoder.attach(new Uint8Array(buffer)), limit: resizable ? maxByteLength : undefined }];
}

function viewContainer(encoder: Encoder, value: ArrayBufferView, path: Pending['path']): Container {
  const ignored = none;
  const { buffer, byteOffset, byteLength } = value;
  // Small Buffers lie together in a pool, which is nobody else's business.
  if (Buffer.isBuffer(value) && !isSharedArrayBuffer(buffer) && buffer.byteLength !== byteLength) {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return { node: ['buffer', encoder.attach(bytes)], usual: Buffer.prototype, ignored };
  }
  const type = Buffer.isBuffer(value) ? 'Buffer' : viewName(value);
  const { resizable = false, growable = false } = buffer as { resizable?: boolean; growable?: boolean };
  const follows = type !== 'Buffer' && (resizable || growable) && followsLength(value);
  const length = follows ? undefined : isDataView(value) ? byteLength : (value as Uint8Array).length;
  const slot = encoder.slot(buffer, propertyPath(path, 'buffer', value));
  const usual = (globalThis as unknown as Record<string, Prototyped>)[type]!.prototype;
  const node: Node = ['view', { type, buffer: slot, offset: byteOffset, length }];
  return { node, usual, ignored, constant: isSharedArrayBuffer(buffer) };
}

const typedArrayTag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!;

/** What the view is, whatever subclass it belongs to. */
const viewName = (value: ArrayBufferView): string =>
  isDataView(value) ? 'DataView' : (typedArrayTag.get!.call(value) as string);
