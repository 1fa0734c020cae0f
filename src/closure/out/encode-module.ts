// Modules that are values: namespaces, and what compilers and test runners stand in for them.
import { isModuleNamespaceObject } from '../../platform/kinds.js';
import { commonjsCache } from '../../platform/modules.js';
import { FROZEN, type Node, type Property, type Slot } from '../graph.js';
import { isPackageFile } from '../text/installed.js';
import { isPackageNamespace, namespaceExport } from '../values/namespaces.js';
import { memberPath, type Path, propertyPath, type Reason } from '../values/paths.js';
import type { Encoder } from './encoder.js';

export function encodeNamespace(encoder: Encoder, value: object, path: Path): Node {
  const found = namespaceExport(value, encoder.inspections);
  if (found) return encoder.byName(found);
  const names = Object.keys(value);
  return ['object', undefined, null, names.map((name) => encodeMember(encoder, value, name, path)), FROZEN];
}

/** A module's exports, of which only some members are ever used: only those travel. */
export function encodeMembers(encoder: Encoder, value: object, names: Iterable<string>, path: Path): Slot {
  const whole = encoder.seen.get(value);
  if (whole !== undefined) return [whole];
  let index = encoder.partial.get(value);
  if (index === undefined) {
    [index] = encoder.add(['object', undefined, null, []]);
    encoder.partial.set(value, index);
  }
  const properties = encoder.nodes[index]![3]!;
  for (const name of names) {
    if (!has(value, name) || properties.some(([key]) => key === name)) continue;
    properties.push(encodeMember(encoder, value, name, path));
  }
  return [index];
}

/** What a test stands in for a module may throw when it is asked. Reading the member then says why. */
function has(value: object, name: string): boolean {
  try {
    return name in value;
  } catch {
    return true;
  }
}

function encodeMember(encoder: Encoder, owner: object, name: string, path: Path): Property {
  let value: unknown;
  try {
    value = (owner as Record<string, unknown>)[name];
  } catch (error) {
    encoder.changing = true;
    return [name, encoder.poison(propertyPath(path, name, owner), unreadable(error))];
  }
  encoder.read.push([owner, name, value]);
  return [name, encoder.slot(value, memberPath(path, name, owner, value))];
}

export const UNINITIALISED: Reason = {
  why: 'it was not initialised yet when the thread was started',
  remedy: 'Start the thread after its declaration has run',
};

/** Of a member whose reading throws: it is not initialised yet, or a test's stand-in for the module does not have it. */
function unreadable(error: unknown): Reason {
  if (error instanceof ReferenceError) return UNINITIALISED;
  const text = error instanceof Error ? error.message : String(error);
  return { why: `reading it throws: ${text}`, remedy: 'Add this member to the module, or do not use it in the thread' };
}

/** What stands for a module, so that only the members that are used need to travel. */
export function isNamespaceLike(encoder: Encoder, value: object): boolean {
  if (typeof value !== 'object') return false;
  if (isModuleNamespaceObject(value)) return !isPackageNamespace(value, encoder.inspections);
  if (Object.getOwnPropertyDescriptor(value, Symbol.toStringTag)?.value === 'Module') return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && !Object.hasOwn(value, 'default')) return false;
  if (Object.values(commonjsCache()).some((module) => module?.exports === value)) return !isPackageExports(value);
  // Compilers stand an object of getters in for the namespace of a CommonJS module.
  const found = Object.entries(Object.getOwnPropertyDescriptors(value));
  return (
    found.some(([, { get }]) => get !== undefined) &&
    found.every(
      ([key, { get, set, enumerable }]) => key === 'default' || key === '__esModule' || (get && !set && enumerable),
    )
  );
}

const isPackageExports = (value: object): boolean =>
  Object.entries(commonjsCache()).some(([file, module]) => module?.exports === value && isPackageFile(file));
