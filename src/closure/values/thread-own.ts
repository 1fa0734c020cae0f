// Bindings of `node:worker_threads`, which are each thread's own: in a thread, code that uses `isMainThread` means that thread's. They travel
// by name, even those that are not objects.
import type { Scope } from 'eslint-scope';
import { isModuleNamespaceObject } from '../../platform/kinds.js';
import { builtin } from '../../platform/modules.js';
import type { Node } from '../graph.js';
import type { Code } from '../text/code.js';
import { importedName, variableOf } from '../text/declarations.js';
import type { Syntax } from '../text/parse.js';
import { fileSource } from '../text/sources.js';

const MODULE = 'worker_threads';
const SPECIFIERS = [MODULE, `node:${MODULE}`];

export const isThreadsOwn = ([tag, payload]: Node): boolean =>
  tag === 'builtin' && SPECIFIERS.includes((payload as { module: string }).module);

/** How a captured variable is known by name if it is such a binding. The file is parsed only if that may be. */
export function threadsOwn(code: Code, name: string, value: unknown): Node | undefined {
  if (!mayBeOwn(value)) return undefined;
  const text = code.source?.text ?? fileSource(code.record.file)?.text;
  if (text === undefined || !text.includes(MODULE)) return undefined;
  const variable = variableOf(code, name)?.variable;
  const path = variable && pathOf(variable.scope, name);
  return path && ['builtin', { module: MODULE, path }];
}

/** Whether a value is that of such a binding here. */
function mayBeOwn(value: unknown): boolean {
  const exports = builtin(MODULE) as Record<string, unknown>;
  if (isModuleNamespaceObject(value)) return (value as { default?: unknown }).default === exports;
  if (typeof value === 'function' || value === undefined) return false;
  return Object.values(exports).some((own) => Object.is(own, value));
}

/** What of the module a variable stands for: [] = all of it. */
function pathOf(from: Scope, name: string): string[] | undefined {
  const definition = find(from, name)?.defs[0];
  if (definition?.type === 'ImportBinding') {
    const { specifier, name: imported } = importedName(definition as never);
    if (!SPECIFIERS.includes(specifier)) return undefined;
    return imported === '*' || imported === 'default' ? [] : [imported];
  }
  if (definition?.type !== 'Variable') return undefined;
  const { id, init } = definition.node as unknown as { id: Syntax; init: Syntax | null };
  const whole = init ? pathOfExpression(from, init) : undefined;
  if (whole === undefined) return undefined;
  if (id.type === 'Identifier') return whole;
  const key = id.type === 'ObjectPattern' ? keyOf(id, name) : undefined;
  return key === undefined || whole.length > 0 ? undefined : [key];
}

function pathOfExpression(from: Scope, node: Syntax): string[] | undefined {
  switch (node.type) {
    case 'Identifier': {
      // A constant of the program's own with what such a binding was where that was made: `const mainId = threadId`.
      const whole = pathOf(from, node['name'] as string);
      return whole?.length === 0 ? whole : undefined;
    }
    case 'AwaitExpression':
      return pathOfExpression(from, node['argument'] as Syntax);
    case 'ImportExpression':
      return isSpecifier(node['source'] as Syntax) ? [] : undefined;
    case 'CallExpression': {
      const callee = node['callee'] as Syntax;
      const property = (callee['property'] as Syntax | undefined)?.['name'];
      const loads = callee['name'] === 'require' || property === 'getBuiltinModule';
      return loads && isSpecifier((node['arguments'] as Syntax[])[0]) ? [] : undefined;
    }
    case 'MemberExpression': {
      const object = node['object'] as Syntax;
      if (node['computed'] || object.type === 'Identifier') return undefined;
      const whole = pathOfExpression(from, object);
      return whole?.length === 0 ? [(node['property'] as Syntax)['name'] as string] : undefined;
    }
    default:
      return undefined;
  }
}

const isSpecifier = (node: Syntax | undefined): boolean => SPECIFIERS.includes(String(node?.['value']));

/** The property that a pattern `{ key: name }` takes. */
function keyOf(pattern: Syntax, name: string): string | undefined {
  for (const property of pattern['properties'] as Syntax[]) {
    const { key, value, computed } = property as unknown as { key?: Syntax; value?: Syntax; computed?: boolean };
    if (value?.type === 'Identifier' && value['name'] === name && !computed) return key?.['name'] as string | undefined;
  }
  return undefined;
}

function find(from: Scope | null, name: string): Scope['variables'][number] | undefined {
  for (let scope = from; scope; scope = scope.upper) {
    const variable = scope.set.get(name);
    if (variable) return variable;
  }
  return undefined;
}
