// What a stamp says of a function (registry.ts): its captured variables, as the inspector would show them, and where its module lies. The
// inspector is not asked.
import type { Inspected, Scope } from '../../platform/inspector.js';
import { threadId } from '../../platform/modules.js';
import type { CodeRecord, Payloads } from '../graph.js';
import {
  type Environment,
  fullStamper,
  moduleOf,
  registry,
  registryIfAny,
  type StampedModule,
  type Stamper,
} from '../registry.js';
import { type Found, locate } from '../text/locate.js';
import { childrenOf, parseScript, type Syntax } from '../text/parse.js';
import { inspectByEngine, inspectIfPossible } from './engine.js';

/** What is known of a function. */
export interface Seen extends Inspected {
  /** The `this` that an arrow has captured. */
  readonly self?: { readonly value: unknown } | undefined;
  /** What a stamp says of a variable. */
  readonly kindOf?: (name: string) => Kind | undefined;
}

export interface Stamped {
  /** The same for all closures that were made at one place of one module. */
  readonly key: string;
  readonly file: string;
  /** Where the text of the module has it. */
  find(text: string): Found | undefined;
  readonly seen: Seen;
}

/** What a name of a stamp stands for: it never changes once it is initialised, it does, or it is an import of a module. */
export type Kind = 'constant' | 'changing' | 'import';

/** What is known of a module, beside what it tells. */
interface Known {
  readonly id: string;
  readonly file: string;
  /** The variables at its top; of one that was rebuilt here, those of the function from which its closures come. */
  readonly top: Scope | undefined;
  readonly kinds: ReadonlyMap<string, Kind>;
  /** Names and kinds of the local variables at each of its places. */
  readonly sites: Map<number, Layout>;
}

interface Layout {
  /** Those that never change, then the others. */
  readonly names: readonly string[];
  readonly constants: number;
  readonly kinds: ReadonlyMap<string, Kind>;
}

let modules = 0;

function knownOf(module: StampedModule): Known {
  module.known ??= know(module);
  return module.known as Known;
}

function know({ where, top }: StampedModule): Known {
  const file = typeof where === 'string' ? where : fileInStack(where);
  const names = top ? topNames(top.toString()) : [];
  const description = file.startsWith('/') ? 'Closure' : 'Module';
  return {
    id: `${threadId()}.${modules++}`,
    file,
    top: top && { description, object: topView(top, names) },
    kinds: new Map(names.filter(({ name }) => name !== undefined).map(({ name, kind }) => [name!, kind])),
    sites: new Map(),
  };
}

/** "    at file:///app/main.js:1:2500", "    at Object.<anonymous> (/app/main.cjs:1:2500)". */
const FRAME = /^\s*at (?:.*\()?((?:[a-z][a-z+.-]+:|\/).*?):\d+:\d+\)?$/m;
const fileInStack = ({ stack }: Error): string => FRAME.exec(stack ?? '')?.[1] ?? '';

/** What a function's stamp says; undefined if it has none, and its module does not tell of it. */
export function stampedOf(fn: object): Stamped | undefined {
  const found = registryIfAny();
  if (found === undefined) return undefined;
  const stamp = found.stampOf(fn);
  if (stamp === undefined) return toldOf(fn);
  const [environment, module] = stamp;
  if (environment === undefined) return undefined;
  const known = knownOf(module);
  if (typeof environment === 'number') return stamped(known, environment, environment, fn, undefined);
  let values: readonly unknown[] | undefined;
  try {
    values = environment();
  } catch (error) {
    // A variable is not initialised yet.
    if (!(error instanceof ReferenceError)) throw error;
  }
  const site = values === undefined ? siteIn(environment) : (values[0] as number);
  let layout = known.sites.get(site);
  if (layout === undefined) {
    layout = layoutOf(environment.toString());
    known.sites.set(site, layout);
  }
  return stamped(known, site, environment, fn, { layout, values });
}

interface Local {
  readonly layout: Layout;
  readonly values: readonly unknown[] | undefined;
}

function stamped(
  known: Known,
  site: number | string,
  environment: Environment | undefined,
  fn: object,
  local: Local | undefined,
): Stamped {
  const { top, file } = known;
  const scopes: Scope[] = [];
  let self: { readonly value: unknown } | undefined;
  if (local?.values !== undefined) {
    const { names, constants } = local.layout;
    const object = Object.create(null) as Record<string, unknown>;
    const changing = local.values[constants + 1] as readonly unknown[];
    for (const [at, name] of names.entries()) {
      const value = at < constants ? local.values[at + 1] : changing[at - constants];
      if (name === 'this') self = { value };
      else if (name !== '') object[name] = value;
    }
    scopes.push({ description: 'Closure', object });
  } else if (local) scopes.push(...scopesInDeadZone(fn));
  if (top) scopes.push(top);
  return {
    key: `${known.id}:${site}`,
    file,
    find: (text) => locate(file, text, environment?.toString()),
    seen: {
      location: undefined,
      scopes,
      bound: undefined,
      get privates() {
        return inspectByEngine(fn).privates;
      },
      self,
      kindOf: (name) => local?.layout.kinds.get(name) ?? known.kinds.get(name),
    },
  };
}

/** Only the engine tells which of a function's variables are initialised. */
function scopesInDeadZone(fn: object): readonly Scope[] {
  return (inspectIfPossible(fn)?.scopes ?? []).filter(
    ({ description }) => !/^(?:Global|Module|Script)/.test(description),
  );
}

/** Functions and classes at the top of their modules. */
const told = new WeakMap<object, { readonly known: Known; readonly name: string }>();

function toldOf(fn: object): Stamped | undefined {
  if (!told.has(fn)) for (const module of registry().modules.values()) look(module);
  const found = told.get(fn);
  return found && stamped(found.known, `top ${found.name}`, undefined, fn, undefined);
}

/** Modules that have told of all their functions. */
const complete = new WeakSet<StampedModule>();

function look(module: StampedModule): void {
  if (complete.has(module)) return;
  const known = knownOf(module);
  const names = topNames(module.top!.toString());
  let missing = 0;
  try {
    tellAll(module.top!, names, ({ name, isOwn }, value) => {
      if (!isOwn) return;
      if (typeof value !== 'function') missing++;
      else if (!told.has(value)) told.set(value, { known, name: name ?? '' });
    });
    // A `var` is undefined before it is initialised.
    if (missing === 0) complete.add(module);
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
  }
}

const OWN = 1;
const KINDS: readonly Kind[] = ['constant', 'constant', 'changing', 'import'];

interface TopName {
  /** Undefined where a minifier has put a value in the place of the variable. */
  readonly name: string | undefined;
  readonly kind: Kind;
  readonly isOwn: boolean;
  /** Its place in the array of its call; undefined if the call has no array. */
  readonly at: number | undefined;
}

/** Calls `tell` for each variable that is initialised; throws what the first that is not throws. */
function tellAll(
  top: NonNullable<StampedModule['top']>,
  names: readonly TopName[],
  tell: (name: TopName, value: unknown) => void,
): void {
  let next = 0;
  top((value) => {
    const first = names[next];
    if (first === undefined) return;
    if (first.at === undefined) {
      next++;
      tell(first, value);
      return;
    }
    for (const item of value as readonly unknown[]) tell(names[next++]!, item);
  });
}

/** The names in the text of a module's `top`, in the order of its calls. */
function topNames(text: string): TopName[] {
  const program = parseScript(`(${text})`);
  const fn = (program['body'] as Syntax[])[0]!['expression'] as Syntax;
  const tell = ((fn['params'] as Syntax[])[0] as Syntax | undefined)?.['name'];
  const found: TopName[] = [];
  const walk = (node: Syntax): void => {
    const callee = node['callee'] as Syntax | undefined;
    if (node.type !== 'CallExpression' || callee?.['name'] !== tell) {
      for (const child of childrenOf(node)) walk(child);
      return;
    }
    const [value, number] = node['arguments'] as (Syntax | undefined)[];
    const index = (number?.['value'] as number | undefined) ?? 0;
    const isList = value?.type === 'ArrayExpression';
    for (const [at, item] of (isList ? (value['elements'] as Syntax[]) : [value]).entries()) {
      found.push({
        name: item?.type === 'Identifier' ? (item['name'] as string) : undefined,
        kind: KINDS[index]!,
        isOwn: index === OWN,
        at: isList ? at : undefined,
      });
    }
  };
  if (tell !== undefined) walk(fn['body'] as Syntax);
  return found;
}

/** The variables at the top of a module as the inspector shows them: one that is not initialised throws. */
function topView(top: NonNullable<StampedModule['top']>, names: readonly TopName[]): object {
  const constants = new Map<string, unknown>();
  const read = (wanted: string): unknown => {
    if (constants.has(wanted)) return constants.get(wanted);
    let value: { readonly it: unknown } | undefined;
    try {
      tellAll(top, names, ({ name, kind }, it) => {
        if (name === undefined) return;
        // A `var` is undefined before it is initialised.
        if (kind === 'constant' && it !== undefined) constants.set(name, it);
        if (name === wanted) value = { it };
      });
    } catch (error) {
      if (value === undefined) throw error;
    }
    if (value === undefined) throw new ReferenceError(`${wanted} is not initialised`);
    return value.it;
  };
  const view = Object.create(null) as object;
  for (const { name } of names) {
    if (name !== undefined)
      Object.defineProperty(view, name, { get: () => read(name), enumerable: true, configurable: true });
  }
  return view;
}

const SITE = /^\s*(?:\(\)\s*=>|function\s*\(\)\s*\{\s*return)\s*\[\s*([\de]+)/;
const siteIn = (environment: Environment): number => Number(SITE.exec(environment.toString())?.[1] ?? Number.NaN);

/** The names in the text of an environment, without its site: '' where a minifier has put a value, and `this`. */
function layoutOf(text: string): Layout {
  const { elements } = arrayIn(parseScript(`(${text})`)) as unknown as { elements: (Syntax | null)[] };
  const names: string[] = [];
  const kinds = new Map<string, Kind>();
  const add = (node: Syntax | null, kind: Kind): void => {
    const name = node?.type === 'ThisExpression' ? 'this' : node?.type === 'Identifier' ? (node['name'] as string) : '';
    names.push(name);
    kinds.set(name, kind);
  };
  const changing = elements.at(-1)?.type === 'ArrayExpression' ? elements.pop() : undefined;
  for (const node of elements.slice(1)) add(node, 'constant');
  const constants = names.length;
  for (const node of (changing?.['elements'] ?? []) as Syntax[]) add(node, 'changing');
  return { names, constants, kinds };
}

function arrayIn(node: Syntax): Syntax | undefined {
  if (node.type === 'ArrayExpression') return node;
  for (const child of childrenOf(node)) {
    const found = arrayIn(child);
    if (found) return found;
  }
  return undefined;
}

/** What a stamper is to another thread. */
export type StamperPayload = Payloads['stamper'];

export function stamperPayload(fn: object): StamperPayload | undefined {
  const module = moduleOf(fn);
  if (module === undefined) return undefined;
  const { id, file } = knownOf(module);
  return { id, file };
}

const stampers = new Map<string, Stamper>();

/** Stands for the stampers of a module of another thread. */
export function moduleStamper({ id, file }: StamperPayload): Stamper {
  let stamper = stampers.get(id);
  if (stamper === undefined) {
    stamper = fullStamper(file);
    const known: Known = { id, file, top: undefined, kinds: new Map(), sites: sitesOf(id) };
    moduleOf(stamper)!.known = known;
    stampers.set(id, stamper);
  }
  return stamper;
}

export const isStamper = (value: unknown): value is Stamper =>
  typeof value === 'function' && moduleOf(value) !== undefined;

/** The stamper of a function that was rebuilt here: what its closures use of the module, it has among its own variables. */
export function stamperFor(stamper: Stamper, { free }: CodeRecord, env: readonly unknown[]): Stamper {
  const { id, file, sites } = knownOf(moduleOf(stamper)!);
  const object = Object.create(null) as object;
  for (const [at, name] of free.entries())
    Object.defineProperty(object, name, { get: () => env[at], enumerable: true, configurable: true });
  const own = fullStamper(file);
  const known: Known = { id, file, top: { description: 'Closure', object }, kinds: new Map(), sites };
  moduleOf(own)!.known = known;
  return own;
}

const sitesById = new Map<string, Known['sites']>();

function sitesOf(id: string): Known['sites'] {
  let sites = sitesById.get(id);
  if (sites === undefined) {
    sites = new Map();
    sitesById.set(id, sites);
  }
  return sites;
}

/** The `this` that an arrow has captured, if its stamp has it. */
export const selfOf = (fn: object): Seen['self'] => stampedOf(fn)?.seen.self;
