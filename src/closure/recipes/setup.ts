// Statements at the top of a module that set up the value of a variable: `addFormats(ajv)`, `marked.use(…)`, `dayjs.extend(utc)`,
// `axios.defaults.timeout = 5`. A thread that makes the value itself repeats them. Other statements use a value, and are not repeated:
// `db.exec(…)`, `app.listen(…)`, `logger.info(…)`.
import type { Variable } from 'eslint-scope';
import { importedName } from '../text/declarations.js';
import type { Syntax } from '../text/parse.js';
import type { Place } from '../text/sites.js';

/** The statements after `from` that complete the variable's value, in their order. */
export function completions({ parsed }: Place, { name }: Variable, from: number): Syntax[] {
  // Most variables are completed by nothing, and need no search.
  if (!mayComplete(parsed.source.text, name)) return [];
  return parsed
    .top()
    .body.filter(
      (statement) =>
        statement.type === 'ExpressionStatement' &&
        statement.start >= from &&
        completes(statement['expression'] as Syntax, name),
    );
}

/** The statements that complete what a module imports from the package of `variable`, under whatever name. */
export function completionsOfImport(place: Place, variable: Variable): Syntax[] {
  const specifier = specifierOf(variable);
  if (specifier === undefined) return completions(place, variable, 0);
  const found = place.parsed
    .top()
    .scope.variables.filter((each) => specifierOf(each) === specifier)
    .flatMap((each) => completions(place, each, 0));
  return [...new Set(found)].sort((a, b) => a.start - b.start);
}

function specifierOf({ defs }: Variable): string | undefined {
  const [definition] = defs;
  return definition?.type === 'ImportBinding' ? importedName(definition as never).specifier : undefined;
}

export function mayComplete(text: string, name: string): boolean {
  const escaped = name.replaceAll('$', '\\$');
  return new RegExp(`(?:^|[;})])[ \\t]*(?:[\\w$.]+\\(\\s*)?(?<![\\w$.])${escaped}\\s*[.,)]`, 'm').test(text);
}

function completes(expression: Syntax, name: string): boolean {
  if (expression.type === 'AssignmentExpression') {
    const target = expression['left'] as Syntax;
    return target.type === 'MemberExpression' && rootOf(target) === name;
  }
  if (expression.type !== 'CallExpression') return false;
  const callee = expression['callee'] as Syntax;
  if (rootOf(callee) === name) return callee.type === 'MemberExpression' && callsOf(expression).every(isVerb);
  const [first] = expression['arguments'] as (Syntax | undefined)[];
  return first?.type === 'Identifier' && first['name'] === name && isVerb(nameOf(callee));
}

/** The variable that a chain of members and calls begins with. */
function rootOf(node: Syntax): string | undefined {
  if (node.type === 'Identifier') return node['name'] as string;
  if (node.type === 'MemberExpression') return rootOf(node['object'] as Syntax);
  return node.type === 'CallExpression' ? rootOf(node['callee'] as Syntax) : undefined;
}

/** The methods that a chain calls. */
function callsOf(node: Syntax): string[] {
  if (node.type === 'MemberExpression') return callsOf(node['object'] as Syntax);
  if (node.type !== 'CallExpression') return [];
  const callee = node['callee'] as Syntax;
  return [...callsOf(callee), nameOf(callee)];
}

function nameOf(callee: Syntax): string {
  if (callee.type === 'Identifier') return callee['name'] as string;
  if (callee.type !== 'MemberExpression' || callee['computed']) return '';
  return ((callee['property'] as Syntax)['name'] as string) ?? '';
}

/** Names of functions that set something up. */
const VERB =
  /^(?:use|extend|plugin|install|mixin|locale|updateLocale|tz|config|configure|options?|register|unregister|add|set|define|enable|disable|on|once|setDefault)(?![a-z])/;
const isVerb = (name: string): boolean => VERB.test(name);
