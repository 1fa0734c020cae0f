// Modules that this thread imported for functions from elsewhere. Importing is asynchronous; looking up what is there is not.
import { importFrom } from '../../platform/modules.js';
import { CaptureError } from '../errors.js';
import { ownModule } from '../exports.js';
import type { Graph, Payloads } from '../graph.js';
import { poisonValue } from './poison.js';

type Import = Payloads['import'];

/** Namespaces, or why there is none. */
const modules = new Map<string, { readonly namespace: object } | { readonly failure: unknown }>();

const keyOf = ({ base, specifier }: Import): string => `${base} ${specifier}`;

/** A promise for the modules that a graph needs and this thread does not have; undefined if it has them all. */
export function importsFor({ nodes }: Graph): Promise<unknown> | undefined {
  const missing = new Map<string, Import>();
  for (const [tag, payload] of nodes) {
    if (tag !== 'import' || modules.has(keyOf(payload)) || ownModule(payload.specifier) !== undefined) continue;
    missing.set(keyOf(payload), payload);
  }
  return missing.size === 0 ? undefined : Promise.all([...missing.values()].map(load));
}

async function load(wanted: Import): Promise<void> {
  // What the program imports may complete what this module defines.
  for (const { base, specifier } of wanted.after ?? []) await importFrom(base)(specifier).catch(() => {});
  try {
    modules.set(keyOf(wanted), { namespace: await importFrom(wanted.base)(wanted.specifier) });
  } catch (failure) {
    modules.set(keyOf(wanted), { failure });
  }
}

/** What an import gives here; something that throws when it is used if the module cannot be imported. */
export function importedValue(wanted: Import): unknown {
  const own = ownModule(wanted.specifier);
  const module = own ? { namespace: own } : modules.get(keyOf(wanted))!;
  if ('failure' in module) {
    const reason = module.failure instanceof Error ? module.failure.message : String(module.failure);
    return poisonValue(`'${wanted.specifier}' could not be imported in this thread: ${reason}`);
  }
  if (wanted.name === '*') return module.namespace;
  if (!(wanted.name in module.namespace)) {
    throw new CaptureError(`module '${wanted.specifier}' has no export '${wanted.name}' in this thread`);
  }
  return (module.namespace as Record<string, unknown>)[wanted.name];
}
