// Whether a container of the program still holds what its initialiser has put into it. If the program has filled it since, a thread that
// made it again would get an empty one.
import type { Syntax } from '../text/parse.js';

/** `more`: how many statements complete it. */
export function holdsMore(value: unknown, initialiser: Syntax | null | undefined, more: number): boolean {
  const written = initialiser ? countOf(initialiser) : undefined;
  return written !== undefined && sizeOf(value) > written + more;
}

/** How many members an expression writes out; undefined if that cannot be said. */
function countOf(node: Syntax): number | undefined {
  if (node.type === 'ArrayExpression') return plainCount(node['elements'] as (Syntax | null)[]);
  if (node.type === 'ObjectExpression') return plainCount(node['properties'] as Syntax[]);
  if (node.type !== 'NewExpression') return undefined;
  const name = (node['callee'] as Syntax)['name'];
  if (name !== 'Map' && name !== 'Set') return undefined;
  const [content] = node['arguments'] as (Syntax | undefined)[];
  return content === undefined ? 0 : content.type === 'ArrayExpression' ? countOf(content) : undefined;
}

const plainCount = (members: readonly (Syntax | null)[]): number | undefined =>
  members.some((member) => member?.type === 'SpreadElement') ? undefined : members.length;

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map || value instanceof Set) return value.size;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}
