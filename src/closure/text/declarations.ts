// Where the free variables of a function are declared, and whether they can change. This needs the whole file parsed, so it is asked
// only when a function is captured a second time, when something cannot travel and the error must say where it is declared, and
// when an imported value must be told from the program's own.
import type { Reference, Scope, Variable } from 'eslint-scope';
import type { MapRecord } from '../graph.js';
import type { Code } from './code.js';
import { type Constancy, constancy, guardedAssignments } from './constancy.js';
import type { Position } from './maps.js';
import { analyseScopes, childrenOf, parseFile, type Syntax } from './parse.js';
import type { Source } from './sources.js';
import { type Top, topOf } from './wrapped.js';

export interface Declaration {
  readonly position: Position;
  /** The variable has one value from its initialisation on: always, or once that value is truthy (`E || (E = {})`). */
  readonly constant: Constancy;
  /** Initialised with a value that is not undefined: if it is read as undefined, it was not initialised yet. */
  readonly neverUndefined: boolean;
  /** A parameter: initialised before any closure can be made. */
  readonly isParameter: boolean;
  /** Declared without a value: the first function that needs it fills it. */
  readonly isEmpty: boolean;
  readonly import: ImportedName | undefined;
}

export interface ImportedName {
  readonly specifier: string;
  /** '*' for the namespace. */
  readonly name: string;
}

/** Parsing and analysing takes about a second for 5 MB, and memory to match. */
const LONGEST = 1_000_000;

const ofCode = new WeakMap<Code, ReadonlyMap<string, Declaration>>();
const NOTHING: ReadonlyMap<string, Declaration> = new Map();

/** Declarations of a function's free variables. Names without one are globals, or the file cannot be analysed. */
export function declarationsOf(code: Code): ReadonlyMap<string, Declaration> {
  let found = ofCode.get(code);
  if (!found) {
    found = findDeclarations(code);
    ofCode.set(code, found);
  }
  return found;
}

function findDeclarations(code: Code): ReadonlyMap<string, Declaration> {
  const found = fileAround(code);
  return found ? declarationsAround(code, found.file, found.node, found.map?.id) : NOTHING;
}

interface Around {
  readonly file: ParsedFile;
  readonly node: Syntax;
  readonly map: MapRecord | undefined;
}

/** The file that a function was written in, and its place there. */
function fileAround(code: Code): Around | undefined {
  for (const { source, start, map } of code.texts()) {
    const file = start < 0 ? undefined : parsedFile(source);
    const node = file && functionAt(file.program, start, start + code.analysis.anchor);
    if (file && node) return { file, node, map };
  }
  return undefined;
}

/** The file that a function was written in, and the variable that a name in it means, if the file declares it. */
export function variableOf(
  code: Code,
  name: string,
): (Pick<Around, 'file' | 'map'> & { variable: Variable | undefined }) | undefined {
  const found = fileAround(code);
  if (!found) return undefined;
  const inner = found.file.scopes.acquire(found.node as never, false);
  return { file: found.file, map: found.map, variable: resolve(inner?.upper ?? null, name) };
}

function declarationsAround(
  code: Code,
  file: ParsedFile,
  node: Syntax,
  map: string | undefined,
): ReadonlyMap<string, Declaration> {
  const place = { file: code.record.file, map };
  const inner = file.scopes.acquire(node as never, false);
  const declarations = new Map<string, Declaration>();
  for (const { name } of code.analysis.free) {
    const variable = resolve(inner?.upper ?? null, name);
    if (variable) declarations.set(name, describe(variable, file, place));
    else if (WRAPPER.has(name) && !file.isModule) declarations.set(name, wrapperParameter(name, file, place));
  }
  return declarations;
}

export interface ParsedFile {
  readonly source: Source;
  readonly program: Syntax;
  readonly isModule: boolean;
  readonly scopes: ReturnType<typeof analyseScopes>;
  /** What stands at the top of the module. */
  readonly top: () => Top;
  /** Identifiers assigned only while the variable is falsy. */
  readonly guarded: () => ReadonlySet<unknown>;
}

/** The last few files, since functions that travel together mostly lie together. */
const recent = new Map<Source, ParsedFile | undefined>();
const KEPT = 4;

export function parsedFile(source: Source): ParsedFile | undefined {
  let file = recent.get(source);
  if (recent.has(source)) recent.delete(source);
  else file = parse(source);
  recent.set(source, file);
  if (recent.size > KEPT) recent.delete(recent.keys().next().value!);
  return file;
}

function parse(source: Source): ParsedFile | undefined {
  if (source.text.length > LONGEST) return undefined;
  try {
    const program = parseFile(source.text);
    // Most CommonJS files parse as modules too, but have neither imports nor exports.
    const isModule = (program['body'] as Syntax[]).some(({ type }) => /^(?:Import|Export)\w*Declaration$/.test(type));
    let guarded: Set<unknown> | undefined;
    let top: Top | undefined;
    const scopes = analyseScopes(program, isModule ? 'module' : 'commonjs');
    return {
      source,
      program,
      isModule,
      scopes,
      top: () => (top ??= topOf(program, scopes)),
      guarded: () => (guarded ??= guardedAssignments(program)),
    };
  } catch {
    return undefined;
  }
}

/** The function or class whose text begins at `start`, or the method whose parameters begin at `anchor`. */
function functionAt(program: Syntax, start: number, anchor: number): Syntax | undefined {
  let found: Syntax | undefined;
  const search = (node: Syntax): void => {
    if (/Function|^Class(?!Body)/.test(node.type) && (node.start === start || (node.start === anchor && !found)))
      found ??= node;
    for (const child of childrenOf(node)) if (child.start <= anchor && start <= child.end) search(child);
  };
  search(program);
  return found;
}

function resolve(from: Scope | null, name: string): Variable | undefined {
  for (let scope = from; scope; scope = scope.upper) {
    const variable = scope.set.get(name);
    // `arguments` has no declaration.
    if (variable) return variable.defs.length > 0 ? variable : undefined;
  }
  return undefined;
}

function describe(variable: Variable, file: ParsedFile, place: Pick<Position, 'file' | 'map'>): Declaration {
  const definition = variable.defs[0]!;
  const identifier = definition.name as unknown as Syntax;
  const initialiser = (definition.node as unknown as Syntax)['init'] as Syntax | null | undefined;
  return {
    position: positionIn(file, place, identifier.start),
    constant: constancy(variable, file),
    neverUndefined:
      definition.type === 'ClassName' ||
      (definition.type === 'Variable' && !!initialiser && DEFINED.test(initialiser.type)),
    isParameter: definition.type === 'Parameter',
    isEmpty: definition.type === 'Variable' && !initialiser,
    import: definition.type === 'ImportBinding' ? importedName(definition as never) : undefined,
  };
}

function positionIn(file: ParsedFile, place: Pick<Position, 'file' | 'map'>, offset: number): Position {
  const { line, column } = file.source.positionAt(offset);
  return { ...place, line: line + 1, column: column + 1 };
}

/** Expressions that are never undefined. */
const DEFINED =
  /^(?:Literal|TemplateLiteral|ArrayExpression|ObjectExpression|NewExpression|ClassExpression|FunctionExpression|ArrowFunctionExpression|BinaryExpression|UpdateExpression)$/;

export function importedName({ node, parent }: { node: Syntax; parent: Syntax }): ImportedName {
  const imported = node['imported'] as Syntax | undefined;
  const name =
    node.type === 'ImportNamespaceSpecifier'
      ? '*'
      : node.type === 'ImportDefaultSpecifier'
        ? 'default'
        : ((imported!['name'] ?? imported!['value']) as string);
  return { specifier: (parent['source'] as Syntax)['value'] as string, name };
}

/** Parameters of the function that Node wraps a CommonJS file in. */
export const WRAPPER = new Set(['require', 'module', 'exports', '__filename', '__dirname']);

function wrapperParameter(name: string, file: ParsedFile, place: Pick<Position, 'file' | 'map'>): Declaration {
  const through: Reference[] = file.scopes.globalScope!.through;
  const written = through.some((reference) => reference.identifier.name === name && reference.isWrite());
  const position = { ...place, line: 1, column: 1 };
  return {
    position,
    constant: written ? 'never' : 'always',
    neverUndefined: false,
    isParameter: true,
    isEmpty: false,
    import: undefined,
  };
}
