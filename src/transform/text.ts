// A text that is to be transformed: its syntax, its scopes, and what is asked of both.
import type { Reference, Scope, ScopeManager, Variable } from 'eslint-scope';
import { constancy, guardedAssignments } from '../closure/text/constancy.js';
import { analyseScopes, childrenOf, parseFile, type Syntax } from '../closure/text/parse.js';

export type { Reference, Scope, Syntax, Variable };

const FUNCTION = /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;
const CLASS = /^Class(?:Declaration|Expression)$/;

export const isFunction = ({ type }: Syntax): boolean => FUNCTION.test(type);
export const isClass = ({ type }: Syntax): boolean => CLASS.test(type);

export class ParsedText {
  readonly text: string;
  readonly program: Syntax;
  readonly isModule: boolean;
  readonly scopes: ScopeManager;
  /** The scope of what stands at the top of the text. */
  readonly topScope: Scope;
  /** Functions and classes, those inside before those around them. */
  readonly functions: readonly Syntax[];
  /** Calls of `eval` may reach anything. */
  readonly hasEval: boolean;
  readonly #parents = new Map<Syntax, Syntax>();
  #guarded: ReadonlySet<unknown> | undefined;

  /** @throws SyntaxError for a text that is no JavaScript. */
  constructor(text: string) {
    this.text = text;
    this.program = parseFile(text);
    const functions: Syntax[] = [];
    let isModule = false;
    let hasEval = false;
    const walk = (node: Syntax): void => {
      for (const child of childrenOf(node)) {
        this.#parents.set(child, node);
        walk(child);
      }
      if (isFunction(node) || isClass(node)) functions.push(node);
      else if (node.type === 'MetaProperty' && (node['meta'] as Syntax)['name'] === 'import') isModule = true;
      else if (node.type === 'CallExpression' && nameOf(node['callee']) === 'eval') hasEval = true;
      else if (node.type === 'WithStatement') hasEval = true;
    };
    walk(this.program);
    isModule ||= (this.program['body'] as Syntax[]).some(({ type }) => /^(?:Import|Export)\w*Declaration$/.test(type));
    this.isModule = isModule;
    this.hasEval = hasEval;
    this.functions = functions;
    this.scopes = analyseScopes(this.program, isModule ? 'module' : 'commonjs');
    this.topScope = this.scopes.globalScope!.childScopes[0]!;
  }

  parentOf(node: Syntax): Syntax {
    return this.#parents.get(node)!;
  }

  /** The outermost scope that a function or class makes. */
  scopeOf(node: Syntax): Scope {
    return this.scopes.acquire(node as never, false)!;
  }

  /** Variables that a function or class uses and that are declared around it, in the order of their first use. */
  captured(node: Syntax): Set<Variable> {
    const found = new Set<Variable>();
    for (const { resolved } of this.scopeOf(node).through) if (resolved && isDeclared(resolved)) found.add(resolved);
    return found;
  }

  /** The function or class whose code a reference is in, and those around it, the innermost first. */
  *around(node: Syntax): Generator<Syntax> {
    for (let at: Syntax | undefined = this.#parents.get(node); at; at = this.#parents.get(at))
      if (isFunction(at) || isClass(at)) yield at;
  }

  guarded(): ReadonlySet<unknown> {
    this.#guarded ??= guardedAssignments(this.program);
    return this.#guarded;
  }

  /** Whether a variable is assigned to after it was initialised. */
  isAssigned(variable: Variable): boolean {
    return constancy(variable, this) === 'never';
  }

  /** Whether an identifier of the text, or a global that it uses, has a name. */
  has(name: string): boolean {
    return this.text.includes(name);
  }

  /** Where a statement may be put before all others of a block or program: behind its directives. */
  beginOf(block: Syntax): number {
    let at = block.type === 'Program' ? shebang(this.text) : block.start + 1;
    for (const statement of block['body'] as Syntax[]) {
      if (typeof statement['directive'] !== 'string') break;
      at = statement.end;
    }
    return at;
  }
}

const shebang = (text: string): number => /^(?:#!.*)?/.exec(text)![0].length;

/** The name of an identifier. */
export const nameOf = (node: unknown): string | undefined => {
  const { type, name } = (node ?? {}) as { type?: string; name?: string };
  return type === 'Identifier' ? name : undefined;
};

/** Not a global, nor `arguments`. */
export const isDeclared = ({ defs, scope }: Variable): boolean => defs.length > 0 && scope.type !== 'global';

/** Identifiers as nodes of this syntax. */
export const identifierOf = ({ identifier }: Reference): Syntax => identifier as unknown as Syntax;

/** Whether an arrow uses the `this` of the function around it. */
export function usesThis(node: Syntax): boolean {
  return node.type === 'ArrowFunctionExpression' && [...childrenOf(node)].some(readsThis);
}

function readsThis(node: Syntax): boolean {
  if (node.type === 'ThisExpression') return true;
  if (node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration' || node.type === 'StaticBlock')
    return false;
  if (node.type === 'PropertyDefinition' || node.type === 'MethodDefinition')
    return node['computed'] === true && readsThis(node['key'] as Syntax);
  return [...childrenOf(node)].some(readsThis);
}
