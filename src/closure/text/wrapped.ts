// Modules that a tool has wrapped into a function: a test runner, a bundler that writes one function, an old module system. The declarations at the
// top of that function are those at the top of the module.
import type { Scope } from 'eslint-scope';
import type { analyseScopes, Syntax } from './parse.js';

export interface Top {
  readonly body: readonly Syntax[];
  readonly scope: Scope;
}

const FUNCTION = /^(?:Arrow)?FunctionExpression$/;

/** The statements of a module and the scope that they stand in. */
export function topOf(program: Syntax, scopes: ReturnType<typeof analyseScopes>): Top {
  let body = program['body'] as Syntax[];
  let scope = scopes.globalScope!.childScopes[0] as Scope;
  for (;;) {
    const inner = wrapperIn(body);
    const found = inner && (scopes.acquire(inner as never, false) as Scope | null);
    if (!inner || !found) return { body, scope };
    scope = found;
    const block = (inner.type === 'BlockStatement' ? inner : inner['body']) as Syntax;
    body = block['body'] as Syntax[];
  }
}

/** The function, or the block in it, that is all there is among some statements. */
function wrapperIn(body: readonly Syntax[]): Syntax | undefined {
  const [only, ...others] = body.filter((statement) => !statement['directive']);
  if (!only || others.length > 0) return undefined;
  if (only.type === 'BlockStatement') return only;
  return only.type === 'ExpressionStatement' ? functionIn(only['expression'] as Syntax) : undefined;
}

/** `() => {}`, `(() => {})()`, `!function () {}()`, `({ "Object.<anonymous>": function () {} })`. */
function functionIn(expression: Syntax): Syntax | undefined {
  if (FUNCTION.test(expression.type)) {
    return (expression['body'] as Syntax).type === 'BlockStatement' ? expression : undefined;
  }
  if (expression.type === 'CallExpression') return functionIn(expression['callee'] as Syntax);
  if (expression.type === 'UnaryExpression') return functionIn(expression['argument'] as Syntax);
  if (expression.type !== 'ObjectExpression') return undefined;
  const properties = expression['properties'] as Syntax[];
  return properties.length === 1 && properties[0]!['value'] ? functionIn(properties[0]!['value'] as Syntax) : undefined;
}
