// What Vite, and so vitest, makes of imports and exports:
//
//   const __vite_ssr_import_0__ = await __vite_ssr_import__("/@fs/path/of/a/package/index.js", …);
//   __vite_ssr_exportName__("name", () => { try { return name } catch {} });
import type { Syntax } from './parse.js';

/** What a declaration imports, if it is an import. */
export function viteImport(declarator: Syntax): string | undefined {
  const { id, init } = declarator as Syntax & { id?: Syntax; init?: Syntax | null };
  if (init?.type !== 'AwaitExpression' || !/^__(?:vi|vite_ssr)_import_\d+__$/.test(String(id?.['name'])))
    return undefined;
  const [argument] = ((init['argument'] as Syntax)['arguments'] ?? []) as Syntax[];
  return typeof argument?.['value'] === 'string' ? argument['value'].replace(/^\/@fs(?=\/)/, '') : undefined;
}

/** The expression that a module exports under a name. */
export function viteExported(body: readonly Syntax[], name: string): Syntax | undefined {
  for (const statement of body) {
    const call = statement.type === 'ExpressionStatement' ? (statement['expression'] as Syntax) : undefined;
    if (call?.type !== 'CallExpression' || (call['callee'] as Syntax)['name'] !== '__vite_ssr_exportName__') continue;
    const [exported, get] = call['arguments'] as [Syntax, Syntax];
    if (exported['value'] !== name) continue;
    const [attempt] = (get['body'] as Syntax)['body'] as Syntax[];
    const [returned] = ((attempt?.['block'] as Syntax | undefined)?.['body'] ?? []) as Syntax[];
    if (returned?.type === 'ReturnStatement') return returned['argument'] as Syntax;
  }
  return undefined;
}
