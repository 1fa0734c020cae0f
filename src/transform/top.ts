// Tells of the top of a module: an accessor of the functions and classes that are written there, and of all that functions use of it. It is
// called when something travels, and not before; it costs a few bytes for each name, and nothing when the program runs.
//
// It must stand behind what leaves unused code out, as it uses all that it names. Where a bundler leaves that to the minifier, what nothing
// uses is left out here.
import { STAMP } from './prelude.js';
import { ownVariable } from './stamp.js';
import { identifierOf, isClass, isFunction, type ParsedText, type Scope, type Syntax, type Variable } from './text.js';

const OWN = ',1';
const CHANGING = ',2';
const IMPORT = ',3';

/** Of a module that has nothing to tell. */
export const NOTHING = 'p=>{}';

/** The text of the accessor for the variables of a scope. `isStamped`: its functions stamp others. `outer`: what it uses of the tops around it. */
export function topText(
  parsed: ParsedText,
  scope: Scope,
  boxed: ReadonlyMap<Variable, unknown>,
  isStamped: boolean,
  outer: readonly Variable[] = [],
): string {
  const own = ownFunctions(parsed, scope);
  const used = usedVariables(parsed, scope, own);
  const told = [...outer, ...scope.variables.filter((variable) => used.has(variable))].sort(byInitialisation);
  // What is there from the start cannot throw, and is told in lists.
  const lists = new Map<string, string[]>();
  const calls: string[] = [];
  for (const variable of told) {
    const kind = kindOf(parsed, variable, own, boxed);
    if (stage(variable) > 0) calls.push(`p(${variable.name}${kind});`);
    else lists.set(kind, [...(lists.get(kind) ?? []), variable.name]);
  }
  const listed = [...lists].map(([kind, names]) => `p([${names.join(',')}]${kind});`);
  return `p=>{${isStamped ? `p(${STAMP});` : ''}${listed.join('')}${calls.join('')}}`;
}

function kindOf(
  parsed: ParsedText,
  variable: Variable,
  own: ReadonlyMap<Variable, Syntax>,
  boxed: ReadonlyMap<Variable, unknown>,
): string {
  if (own.has(variable)) return OWN;
  // A box is always the same.
  if (boxed.has(variable)) return '';
  if (variable.defs[0]!.type === 'ImportBinding') return IMPORT;
  return parsed.isAssigned(variable) ? CHANGING : '';
}

/** What is there from the start, then in the order of the text: what comes behind one that is not initialised is not either. */
function byInitialisation(a: Variable, b: Variable): number {
  return stage(a) - stage(b) || placeOf(a) - placeOf(b);
}

function stage({ defs: [definition] }: Variable): number {
  if (definition!.type === 'FunctionName' || definition!.type === 'Parameter') return 0;
  if (definition!.type === 'Variable') return (definition!.parent as unknown as Syntax)['kind'] === 'var' ? 0 : 2;
  return definition!.type === 'ImportBinding' ? 1 : 2;
}

const placeOf = ({ defs: [definition] }: Variable): number => (definition!.name as unknown as Syntax).start;

function ownFunctions(parsed: ParsedText, scope: Scope): Map<Variable, Syntax> {
  const own = new Map<Variable, Syntax>();
  for (const node of parsed.functions) {
    const variable = ownVariable(parsed, node);
    if (variable?.scope === scope) own.set(variable, node);
  }
  return own;
}

/** Variables of the scope that functions use, and its own functions, as far as anything that runs leads to them. */
function usedVariables(parsed: ParsedText, scope: Scope, own: ReadonlyMap<Variable, Syntax>): Set<Variable> {
  /** What each of the scope's own functions uses; `undefined` for all that is not one. */
  const uses = new Map<Variable | undefined, Set<Variable>>();
  const holders = new Map([...own].map(([variable, node]) => [node, variable]));
  const inFunctions = new Set<Variable>(own.keys());
  for (const variable of scope.variables) {
    if (variable.defs.length === 0) continue;
    for (const reference of variable.references) {
      let holder: Variable | undefined;
      for (const node of parsed.around(identifierOf(reference))) {
        if (node === scope.block) break;
        if (isFunction(node) || isClass(node)) inFunctions.add(variable);
        holder = holders.get(node) ?? holder;
      }
      // Its own declaration is no use of it.
      if (reference.init && own.has(variable)) continue;
      const used = uses.get(holder) ?? new Set();
      uses.set(holder, used.add(variable));
    }
  }
  const found = new Set<Variable>();
  const follow = (holder: Variable | undefined): void => {
    for (const variable of uses.get(holder) ?? []) {
      if (found.has(variable)) continue;
      found.add(variable);
      if (own.has(variable)) follow(variable);
    }
  };
  follow(undefined);
  for (const variable of exported(parsed, scope)) {
    if (found.has(variable)) continue;
    found.add(variable);
    if (own.has(variable)) follow(variable);
  }
  return new Set([...found].filter((variable) => inFunctions.has(variable)));
}

/** `export function f() {}` uses f. */
function exported(parsed: ParsedText, scope: Scope): Variable[] {
  if (scope !== parsed.topScope) return [];
  const found: Variable[] = [];
  for (const statement of parsed.program['body'] as Syntax[]) {
    const declaration =
      /^Export(?:Named|Default)Declaration$/.test(statement.type) && (statement['declaration'] as Syntax);
    if (!declaration) continue;
    const declared = [declaration, ...((declaration['declarations'] as Syntax[] | undefined) ?? [])];
    for (const node of declared) found.push(...parsed.scopes.getDeclaredVariables(node as never));
  }
  return found.filter((variable) => variable.scope === scope);
}
