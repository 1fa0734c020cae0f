// The tops of modules in a text that holds several: bundlers put modules into functions, all of the program into one that is called at once,
// or both.
import { childrenOf } from '../closure/text/parse.js';
import { isFunction, nameOf, type ParsedText, type Scope, type Syntax, type Variable } from './text.js';

export interface Root {
  readonly scope: Scope;
  /** What its statements stand in. */
  readonly block: Syntax;
  readonly around: Root | undefined;
}

/** All tops, those around before those inside. */
export function rootsOf(parsed: ParsedText): Root[] {
  const roots: Root[] = [{ scope: parsed.topScope, block: parsed.program, around: undefined }];
  for (const root of roots) {
    for (const statement of root.block['body'] as Syntax[]) {
      for (const fn of wrappersIn(statement)) {
        const block = fn['body'] as Syntax;
        if (block.type === 'BlockStatement') roots.push({ scope: scopeOfBody(parsed, fn), block, around: root });
      }
    }
  }
  return roots;
}

const scopeOfBody = (parsed: ParsedText, fn: Syntax): Scope => parsed.scopes.acquire(fn as never, true)!;

/** Functions that are called where they stand, and tables of functions under the names of modules. */
function* wrappersIn(node: Syntax): Generator<Syntax> {
  if (node.type === 'CallExpression') {
    const callee = node['callee'] as Syntax;
    const called = callee.type === 'MemberExpression' ? (callee['object'] as Syntax) : callee;
    if (isFunction(called)) {
      yield called;
      return;
    }
  }
  if (node.type === 'ObjectExpression') {
    const table = modulesIn(node);
    yield* table;
    if (table.length > 0) return;
  }
  if (isFunction(node) || node.type.startsWith('Class') || node.type === 'BlockStatement') return;
  for (const child of childrenOf(node)) yield* wrappersIn(child);
}

/** `{ "./src/a.js": (module, exports, require) => { … } }` */
function modulesIn(object: Syntax): Syntax[] {
  const found: Syntax[] = [];
  for (const property of object['properties'] as Syntax[]) {
    const value = property['value'] as Syntax | undefined;
    if (property.type !== 'Property' || property['computed'] || !value || !isFunction(value)) return [];
    const names = (value['params'] as Syntax[]).map(nameOf);
    const { type } = property['key'] as Syntax;
    const isNumber = type === 'Literal' || /^\d/.test(String((property['key'] as Syntax)['name']));
    const isModule = names.length <= MOST && names.every((name) => name !== undefined && WRAPPER.test(name));
    if (!isNumber || !isModule) return [];
    found.push(value);
  }
  return found;
}

/** Parameters of the functions that bundlers put modules into. */
const WRAPPER = /webpack|rspack|^(?:module|exports|require|__(?:unused|webpack)\w*)\d*$|^_+\w*/;
const MOST = 3;

/** Variables of the roots around one that its code uses. */
export function outerVariables(parsed: ParsedText, { scope, around }: Root): Variable[] {
  const scopes = new Set<Scope>();
  for (let at = around; at; at = at.around) scopes.add(at.scope);
  if (scopes.size === 0) return [];
  const used = new Set<Variable>();
  for (const { resolved } of scope.through)
    if (resolved && resolved.defs.length > 0 && scopes.has(resolved.scope)) used.add(resolved);
  return [...used].filter((variable) => variable.name !== 'arguments' && parsed.topScope !== undefined);
}

/** The innermost root that a node is in. */
export function rootAround(parsed: ParsedText, roots: readonly Root[], node: Syntax): Root {
  const blocks = new Map(roots.map((root) => [root.block, root]));
  for (let at: Syntax | undefined = node; at; at = parsed.parentOf(at)) {
    const root = blocks.get(at);
    if (root) return root;
  }
  return roots[0]!;
}
