// Whether a variable can change after it was initialised, by what its text says.
import type { Scope, Variable } from 'eslint-scope';
import { childrenOf, type Syntax } from './parse.js';

/** It has one value from its initialisation on: always, or once that value is truthy (`E || (E = {})`). */
export type Constancy = 'always' | 'when truthy' | 'never';

/** `guarded` gives identifiers that are assigned to only while the variable is falsy. */
export function constancy(variable: Variable, file: { guarded(): ReadonlySet<unknown> }): Constancy {
  if (variable.defs.length !== 1 || isDynamic(variable.scope)) return 'never';
  const [definition] = variable.defs;
  const declaration = definition!.parent as unknown as Syntax | null;
  // A `var` may be initialised again and again by a loop around it.
  if (definition!.type === 'Variable' && declaration!['kind'] === 'var' && !isDirect(declaration!, variable.scope))
    return 'never';
  const writes = variable.references.filter((reference) => reference.isWrite() && !reference.init);
  if (writes.length === 0) return 'always';
  return writes.every((write) => file.guarded().has(write.identifier)) ? 'when truthy' : 'never';
}

/** Direct `eval` may assign to anything in reach. */
function isDynamic(scope: Scope): boolean {
  return scope.type !== 'global' && scope.type !== 'module' && (scope as { dynamic?: boolean }).dynamic === true;
}

export function isDirect(declaration: Syntax, scope: Scope): boolean {
  const block = scope.block as unknown as Syntax;
  const body = (Array.isArray(block['body']) ? block['body'] : (block['body'] as Syntax)['body']) as Syntax[];
  return body.some((statement) => statement === declaration || statement['declaration'] === declaration);
}

/** `E || (E = …)`, as compilers write enums and namespaces. */
export function guardedAssignments(program: Syntax): Set<unknown> {
  const found = new Set<unknown>();
  const search = (node: Syntax): void => {
    const { left, right } = node as unknown as { left?: Syntax; right?: Syntax };
    if (node.type === 'LogicalExpression' && right?.type === 'AssignmentExpression' && left?.type === 'Identifier') {
      const target = right['left'] as Syntax;
      if (target.type === 'Identifier' && target['name'] === left['name']) found.add(target);
    }
    for (const child of childrenOf(node)) search(child);
  };
  search(program);
  return found;
}
