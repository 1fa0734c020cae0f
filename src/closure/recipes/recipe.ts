// Recipes from a module's text. A recipe makes a constant at the top of a module. It is a function that can be sent to another thread. The
// values that the initialiser needs are read from the engine if it shows them. If only the module can see them, they get recipes too.
import type { Variable } from 'eslint-scope';
import type { Inspected } from '../../platform/inspector.js';
import { asUrl, threadId } from '../../platform/modules.js';
import type { Ingredient, Made, Part, Recipe } from '../again.js';
import type { Node } from '../graph.js';
import { type Analysis, analyse } from '../text/analyse.js';
import { newCodeId } from '../text/code.js';
import { constancy } from '../text/constancy.js';
import { importedName, WRAPPER } from '../text/declarations.js';
import { isOwnExport } from '../text/installed.js';
import { addMap } from '../text/maps.js';
import { childrenOf, type Syntax } from '../text/parse.js';
import {
  exportedSite,
  type Place,
  programModuleOf,
  type Site,
  siteOf,
  topVariable,
  urlOf,
  viteExport,
} from '../text/sites.js';
import { viteImport } from '../text/vite.js';
import { isStandardGlobal } from '../values/wellknown.js';
import { holdsMore } from './contents.js';
import { completions, completionsOfImport } from './setup.js';

/** The value of a variable at the top of `file`, where the engine shows it. */
export interface View {
  readonly file: string;
  readonly look: (name: string, inspections?: Map<object, Inspected>) => { readonly value: unknown } | undefined;
}

type Written = Extract<Site, { kind: 'written' }>;

/** Why something cannot be made again. */
class Unmakeable extends Error {}

/** The recipe for a name that holds `value` now, or why there is none. */
export function recipeFor(site: Site, view: View, value: unknown): Made | string {
  if (site.kind === 'unknown') return site.why;
  if (site.kind === 'imported') return 'it is an import';
  try {
    const made = new Builder(view).made(site);
    const initialiser = site.form === 'variable' ? (site.syntax['init'] as Syntax) : site.syntax;
    const isFilled = site.names.length === 1 && holdsMore(value, initialiser, made.recipe.parts.length - 1);
    return isFilled ? 'the program has put more into it than its initialiser does' : made;
  } catch (error) {
    if (error instanceof Unmakeable) return error.message;
    throw error;
  }
}

const NOWHERE: View = { file: '', look: () => undefined };

const memberValue = (owner: object, member: string): unknown => (owner as Record<string, unknown>)[member];

/** The same of what a CommonJS module exports. */
export function commonjsRecipe(owner: object, member: string): Made | string | undefined {
  const file = programModuleOf(owner);
  return file === undefined
    ? undefined
    : recipeFor(exportedSite(asUrl(file), member), NOWHERE, memberValue(owner, member));
}

/** The recipe for what a module of the program's exports, if that is what `variable` holds. */
export function memberRecipe(place: Place, variable: Variable, owner: object, member: string): Made | string {
  const commonjs = commonjsRecipe(owner, member);
  if (commonjs !== undefined) return commonjs;
  const definition = variable.defs[0]!;
  const vite = definition.type === 'Variable' ? viteImport(definition.node as unknown as Syntax) : undefined;
  if (vite !== undefined) return recipeFor(viteExport(place.file, vite, member), NOWHERE, memberValue(owner, member));
  if (definition.type !== 'ImportBinding') return `'${variable.name}' is not an import`;
  const { specifier } = importedName(definition as never);
  return recipeFor(exportedSite(urlOf(place.file, specifier), member), NOWHERE, memberValue(owner, member));
}

/** The recipe for an import that its module completes (`dayjs.extend(utc)`), or undefined if it does not. */
export function recipeForImport(place: Place, variable: Variable, node: Node, view: View): Made | undefined {
  const statements = completionsOfImport(place, variable);
  if (statements.length === 0) return undefined;
  try {
    return new Builder(view).completed(place, variable.name, node, statements);
  } catch (error) {
    if (error instanceof Unmakeable) return undefined;
    throw error;
  }
}

/** Statements that complete a package. Several of its exports can bring them, and a thread repeats each once. */
const completing = new Map<string, Part>();

class Builder {
  readonly #view: View;
  /** Also those that are being built: two declarations can need each other. */
  readonly #recipes = new Map<string, Recipe>();

  constructor(view: View) {
    this.#view = view;
  }

  made(site: Written): Made {
    const { place, start, name } = site;
    const key = keyOf(place, start);
    let recipe = this.#recipes.get(key);
    if (!recipe) {
      const parts: Part[] = [];
      recipe = { key, file: place.file, order: start, waits: waits(site.syntax), parts };
      this.#recipes.set(key, recipe);
      parts.push(this.#part(place, start, ...textOf(site), site.syntax));
      const variable = site.form === 'variable' ? topVariable(place, name) : undefined;
      for (const statement of variable ? completions(place, variable, site.end) : []) {
        parts.push(this.#statement(place, statement));
      }
    }
    return { recipe, name };
  }

  completed(place: Place, name: string, node: Node, statements: readonly Syntax[]): Made {
    const parts: Part[] = [];
    const recipe: Recipe = { key: `${keyOf(place, 0)}:${name}`, file: place.file, order: 0, waits: false, parts };
    // Its own statements find it in the same way.
    this.#recipes.set(recipe.key, recipe);
    const text = `()=>{return{${name}}}`;
    const { record } = this.#part(place, 0, text, 0, undefined);
    parts.push({ record, env: record.free.map(() => ({ kind: 'node', node })) });
    for (const statement of statements) {
      const key = keyOf(place, statement.start);
      let part = completing.get(key);
      if (!part) {
        part = this.#statement(place, statement);
        completing.set(key, part);
      }
      parts.push(part);
    }
    return { recipe, name };
  }

  #statement(place: Place, statement: Syntax): Part {
    const { start, end } = statement;
    return this.#part(place, start, `()=>{${place.parsed.source.text.slice(start, end)}}`, '()=>{'.length, statement);
  }

  /** `before` is what was put in front of the file's text at `start`. */
  #part(place: Place, start: number, text: string, before: number, syntax: Syntax | undefined): Part {
    const analysis = read(text);
    const { source, isModule } = place.parsed;
    const { line, column } = source.positionAt(start);
    const { map } = place;
    if (map) addMap(map);
    const free = analysis.free.map(({ name }) => name);
    const record = {
      id: newCodeId(),
      text: analysis.text,
      form: analysis.form,
      strict: isModule || !analysis.wantsSloppy,
      file: place.file,
      line,
      column: column - before,
      map: map?.id,
      free,
      eager: [],
      letters: analysis.letters,
      outer: [],
      dynamicImport: analysis.dynamicImport,
      importMeta: analysis.importMeta,
      privates: [],
    };
    if (!syntax) return { record, env: [] };
    const direct = directNames(syntax);
    const env = analysis.free.map(({ name, bare, members }) => {
      const found = this.#ingredient(place, name, start, bare ? undefined : [...members]);
      if (direct.has(name) && isHeddle(found))
        throw new Unmakeable(`it is made with Heddle's '${name}', which must be the same in all threads`);
      return found;
    });
    return { record, env };
  }

  #ingredient(
    place: Place,
    name: string,
    start: number,
    members: readonly string[] | undefined,
  ): Ingredient | undefined {
    const variable = topVariable(place, name);
    if (!variable) return this.#undeclared(place, name);
    if (variable.defs[0]!.type === 'ImportBinding') {
      const site = siteOf(place, variable);
      if (site.kind === 'imported') {
        const made = this.#recipes.get(`${keyOf(place, 0)}:${name}`);
        return made
          ? { kind: 'made', made: { recipe: made, name }, late: false }
          : this.#import(place, variable, site.node);
      }
    }
    const seen = place.file === this.#view.file ? this.#view.look(name) : undefined;
    if (seen && !this.#isBeingMade(place, variable)) return this.#seen(place, variable, seen.value, members);
    const site = siteOf(place, variable);
    if (site.kind === 'imported') return { kind: 'node', node: site.node };
    if (site.kind === 'unknown') throw new Unmakeable(`it is made with '${name}': ${site.why}`);
    const late = site.place.file === place.file && site.start > start && site.form === 'variable';
    return { kind: 'made', made: this.made(site), late };
  }

  #seen(place: Place, variable: Variable, value: unknown, members: readonly string[] | undefined): Ingredient {
    const { name } = variable;
    const changing = constancy(variable, place.parsed) !== 'always';
    const view = this.#view;
    const read = (inspections: Map<object, Inspected>): unknown => (view.look(name, inspections) ?? { value }).value;
    const again = (): Made | string => recipeFor(siteOf(place, variable), view, value);
    const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
    return {
      kind: 'value',
      name,
      read: changing ? read : () => value,
      changing,
      again,
      ...(members && { members }),
      ...(isObject && { member: (member) => memberRecipe(place, variable, value, member) }),
    };
  }

  /** Of a package, which the module may complete as well. */
  #import(place: Place, variable: Variable, node: Node): Ingredient {
    const statements = completionsOfImport(place, variable);
    if (statements.length === 0) return { kind: 'node', node };
    return { kind: 'made', made: this.completed(place, variable.name, node, statements), late: false };
  }

  #isBeingMade(place: Place, variable: Variable): boolean {
    const site = siteOf(place, variable);
    return site.kind === 'written' && this.#recipes.has(keyOf(site.place, site.start));
  }

  #undeclared(place: Place, name: string): Ingredient | undefined {
    const { file } = place;
    if (!place.parsed.isModule && WRAPPER.has(name)) {
      const path = fileOf(file);
      if (name === 'require') return { kind: 'node', node: ['requireFunction', path] };
      if (name === '__filename') return value(name, path);
      if (name === '__dirname') return value(name, path.replace(/[\\/][^\\/]*$/, ''));
      throw new Unmakeable(`it is made with '${name}' of its module`);
    }
    if (isStandardGlobal(name) || !Object.hasOwn(globalThis, name)) return undefined;
    const read = (): unknown => (globalThis as Record<string, unknown>)[name];
    return { kind: 'value', name, read, changing: true, again: undefined };
  }
}

const value = (name: string, text: string): Ingredient => ({
  kind: 'value',
  name,
  read: () => text,
  changing: false,
  again: undefined,
});

function read(text: string): Analysis {
  let analysis: Analysis;
  try {
    analysis = analyse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Unmakeable('its initialiser cannot be read');
    throw error;
  }
  const { free, obstacle, outer } = analysis;
  if (obstacle) throw new Unmakeable(`in its initialiser ${obstacle}`);
  if (outer.length > 0) throw new Unmakeable(`its initialiser uses '${outer[0]}' of its module`);
  const written = free.find((each) => each.written !== undefined);
  if (written) throw new Unmakeable(`its initialiser assigns to '${written.name}'`);
  return analysis;
}

/** A function that gives the declared names with their values, and how much of it stands before the file's text. */
function textOf({ place, form, start, end, names, syntax }: Written): [text: string, before: number] {
  const written = place.parsed.source.text.slice(start, end);
  const head = `${waits(syntax) ? 'async' : ''}()=>{`;
  if (form === 'expression') {
    const before = `${head}return{${JSON.stringify(names[0])}:(`;
    return [`${before}${written})}}`, before.length];
  }
  const before = form === 'variable' ? `${head}const ` : head;
  return [`${before}${written}\nreturn{${names.join(',')}}}`, before.length];
}

const FUNCTION = /Function/;

/** Whether it awaits something itself, as only a module can. */
function waits(node: Syntax): boolean {
  if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node['await'])) return true;
  if (FUNCTION.test(node.type)) return false;
  for (const child of childrenOf(node)) if (waits(child)) return true;
  return false;
}

/** Names that are used when it is evaluated, not only when a function in it is called. */
function directNames(node: Syntax, found = new Set<string>()): Set<string> {
  if (node.type === 'Identifier') found.add(node['name'] as string);
  if (!FUNCTION.test(node.type)) for (const child of childrenOf(node)) directNames(child, found);
  return found;
}

function isHeddle(found: Ingredient | undefined): boolean {
  if (found?.kind === 'node') return found.node[0] === 'import' && isOwnExport(found.node[1]);
  return false;
}

const fileOf = (file: string): string => (file.startsWith('file:') ? decodeURIComponent(new URL(file).pathname) : file);

/** Code without a file is this thread's own affair. */
const keyOf = ({ file, parsed }: Place, start: number): string => `${file || `${threadId()}:${idOf(parsed)}`}#${start}`;

let last = 0;
const ids = new WeakMap<object, number>();
function idOf(parsed: object): number {
  let id = ids.get(parsed);
  if (id === undefined) {
    id = ++last;
    ids.set(parsed, id);
  }
  return id;
}
