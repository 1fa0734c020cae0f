// How the value of a variable that a function has captured could be made again by a thread.
import type { Inspected } from '../../platform/inspector.js';
import type { Made } from '../again.js';
import type { Node } from '../graph.js';
import type { Code } from '../text/code.js';
import { variableOf } from '../text/declarations.js';
import { isTop, type Place, siteOf } from '../text/sites.js';
import { fileSource } from '../text/sources.js';
import { inspectFunction } from '../values/functions.js';
import { commonjsRecipe, memberRecipe, recipeFor, recipeForImport, type View } from './recipe.js';
import { mayComplete } from './setup.js';

/** A variable that a function has captured. */
export interface CapturedVariable {
  readonly fn: object;
  readonly code: Code;
  readonly name: string;
  readonly inspections: Map<object, Inspected>;
}

/** What the module of a function shows of the variables at its top. */
function viewOf({ fn, code, inspections }: CapturedVariable): View {
  const { file } = code.record;
  const ref = new WeakRef(fn);
  const first = inspectFunction(fn, inspections);
  return {
    file,
    look: (name, current) => {
      const subject = current && ref.deref();
      const { scopes } = subject ? inspectFunction(subject, current) : first;
      // A module's own scope, or the outermost of those that Node and tools have put around it.
      const top = scopes.findLast(
        ({ description, object }) => !/^(?:Global|Script)/.test(description) && Object.hasOwn(object, name),
      )?.object;
      try {
        const found = top && Object.getOwnPropertyDescriptor(top, name);
        return found && { value: 'value' in found ? found.value : found.get!.call(top) };
      } catch {
        // Not initialised yet.
        return undefined;
      }
    },
  };
}

/** The recipe for the value of a captured variable, or why there is none. */
export function recipeOf(variable: CapturedVariable, value: unknown): Made | string {
  const { code, name } = variable;
  const found = variableOf(code, name);
  if (!found?.variable) return `the declaration of '${name}' is not found`;
  const place: Place = { file: code.record.file, parsed: found.file, map: found.map };
  if (!isTop(found.variable, place)) return `'${name}' is not declared at the top of a module`;
  return recipeFor(siteOf(place, found.variable), viewOf(variable), value);
}

/** The recipe for what a module of the program's exports, which was captured as a whole. */
export function recipeOfMember(code: Code, name: string, owner: object, member: string): Made | string {
  const commonjs = commonjsRecipe(owner, member);
  if (commonjs !== undefined) return commonjs;
  const found = variableOf(code, name);
  if (!found?.variable) return `the declaration of '${name}' is not found`;
  return memberRecipe({ file: code.record.file, parsed: found.file, map: found.map }, found.variable, owner, member);
}

/** The recipe for a package's export that the program's modules complete, on the way by which the function has got it. */
export function completedImport(variable: CapturedVariable, node: Node): Made | undefined {
  const key = `${variable.code.record.file} ${variable.name}`;
  if (!known.has(key)) known.set(key, findCompleted(variable, node));
  return known.get(key);
}

const known = new Map<string, Made | undefined>();

function findCompleted(variable: CapturedVariable, node: Node): Made | undefined {
  const { code, name } = variable;
  const { file } = code.record;
  const text = fileSource(file)?.text;
  if (text !== undefined && !mayComplete(text, name) && !isImported(text, name)) return undefined;
  const found = variableOf(code, name);
  if (!found?.variable) return undefined;
  const place: Place = { file, parsed: found.file, map: found.map };
  if (!isTop(found.variable, place)) return undefined;
  const here = { place, variable: found.variable };
  const site = siteOf(place, found.variable);
  const via = (site.kind === 'imported' && site.via) || here;
  const view = viewOf(variable);
  for (const each of via.place === place ? [here] : [here, via]) {
    const made = recipeForImport(each.place, each.variable, node, view);
    if (made) return made;
  }
  return undefined;
}

/** Whether a module may import a name: then it, or another one of the program's, may complete it under any name. */
function isImported(text: string, name: string): boolean {
  const escaped = name.replaceAll('$', '\\$');
  return new RegExp(`\\bimport\\b[^;'"]*(?<![\\w$])${escaped}(?![\\w$])[^;'"]*\\bfrom\\b`).test(text);
}
