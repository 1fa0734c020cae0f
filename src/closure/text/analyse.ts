// Reads the text of one function, as `Function.prototype.toString` gives it, and says what it needs from outside. The rest of its
// file is not parsed.
import type { Scope as LexicalScope } from 'eslint-scope';
import { HERITAGE, KEYS, META } from '../graph.js';
import { analyseScopes, childrenOf, parseScript, type Syntax } from './parse.js';

/** How a function uses one variable that it does not declare. Offsets count from the start of the text. */
export interface FreeVariable {
  readonly name: string;
  readonly offset: number;
  /** Offset of an assignment to it, if there is one. */
  written: number | undefined;
  /** Used other than by reading a named member of it. */
  bare: boolean;
  readonly members: Set<string>;
  /** Used in a computed key of the class itself, so it is needed before the class exists. */
  eager: boolean;
}

/** What a class's own text defines, for comparing with what the class has now. */
export interface ClassMember {
  /** Undefined for a computed key. */
  readonly key: string | undefined;
  readonly isStatic: boolean;
  /** As toString gives a method; undefined for fields. */
  readonly text: string | undefined;
}

export interface ClassShape {
  readonly members: readonly ClassMember[];
  /** Instances have private fields, methods or accessors. */
  readonly hasPrivateInstances: boolean;
  readonly hasConstructor: boolean;
  /** Instances have fields of their own that are no private ones. */
  readonly hasFields: boolean;
  readonly staticPrivates: readonly string[];
  readonly extendsValue: boolean;
  /** Methods with computed keys, for which the text has the letters from KEYS on. */
  readonly computed: readonly { readonly text: string; readonly isStatic: boolean }[];
}

export interface Analysis {
  readonly form: 'expression' | 'method' | 'class';
  readonly isArrow: boolean;
  /** The name the text itself binds: of a named function, and of a class. */
  readonly ownName: string | undefined;
  readonly free: readonly FreeVariable[];
  /** Text for the receiver: same length, what the sender has evaluated blanked out. */
  readonly text: string;
  /** Where the engine says the function is, as an offset in the text. */
  readonly anchor: number;
  readonly letters: string;
  readonly dynamicImport: boolean;
  readonly importMeta: boolean;
  /** Needs the `super` of the object it was written in. */
  readonly usesSuper: boolean;
  /** Private names of a class around it. */
  readonly privateNames: readonly string[];
  /** What it takes from the function around it. */
  readonly outer: readonly Outer[];
  /** Why it cannot be rebuilt. */
  readonly obstacle: string | undefined;
  /** Sloppy mode makes a difference to it, beyond silent failures. */
  readonly wantsSloppy: boolean;
  readonly shape: ClassShape | undefined;
}

export type Outer = 'this' | 'arguments' | 'super';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** Throws SyntaxError for a text that is not a function's. */
export function analyse(text: string): Analysis {
  const parsed = parseFunction(text);
  const letters = unusedLetters(text, parsed);
  const edits: Edit[] = [];
  const shape = parsed.form === 'class' ? separateStatics(parsed, letters, edits, text) : undefined;
  if (parsed.member?.['computed']) {
    const key = parsed.member['key'] as Syntax;
    edits.push({ start: key.start - parsed.offset, end: key.end - parsed.offset, replacement: '0' });
    parsed.member['key'] = literalAt(key);
  }
  const findings = new Findings(parsed);
  for (const { start, end } of findings.metas) edits.push({ start, end, replacement: letters[META]! });
  const { free, writesOwnName } = freeVariables(parsed, findings);
  if (writesOwnName !== undefined) {
    const name = (parsed.node['id'] as Syntax)['name'] as string;
    free.push({ name, offset: writesOwnName, written: writesOwnName, bare: true, members: new Set(), eager: false });
  }
  return {
    form: parsed.form,
    isArrow: parsed.node.type === 'ArrowFunctionExpression',
    ownName: (parsed.node['id'] as Syntax | null | undefined)?.['name'] as string | undefined,
    free,
    text: applyEdits(text, edits),
    anchor: anchorOf(parsed, text),
    letters,
    dynamicImport: findings.dynamicImport,
    importMeta: findings.metas.length > 0,
    usesSuper: findings.usesSuper,
    privateNames: [...findings.privateNames],
    outer: [...findings.outer],
    obstacle: findings.obstacle,
    // Assigned in sloppy mode, a name that nothing declares becomes a global variable.
    wantsSloppy: findings.wantsSloppy || free.some(({ written }) => written !== undefined),
    shape,
  };
}

interface ParsedFunction {
  readonly form: Analysis['form'];
  readonly program: Syntax;
  readonly node: Syntax;
  /** The property around a method. */
  readonly member: Syntax | undefined;
  /** Length of what was put before the text to make a program of it. */
  readonly offset: number;
}

function parseFunction(text: string): ParsedFunction {
  let failure: unknown;
  try {
    const program = parseScript(`(${text}\n)`);
    const node = soleExpression(program);
    return {
      form: node.type === 'ClassExpression' ? 'class' : 'expression',
      program,
      node,
      member: undefined,
      offset: 1,
    };
  } catch (error) {
    failure = error;
  }
  // A method's text is one only inside an object or a class; private methods only inside a class.
  for (const [before, after] of [
    ['({', '})'],
    ['(class {', '})'],
  ] as const) {
    try {
      const program = parseScript(`${before}${text}\n${after}`);
      const outer = soleExpression(program);
      const members = (outer['properties'] ?? (outer['body'] as Syntax)['body']) as Syntax[];
      const member = members[0]!;
      if (members.length === 1) {
        return { form: 'method', program, node: member['value'] as Syntax, member, offset: before.length };
      }
    } catch {
      // The first failure says most.
    }
  }
  throw failure;
}

function soleExpression(program: Syntax): Syntax {
  const [statement] = program['body'] as Syntax[];
  return statement!['expression'] as Syntax;
}

/**
 * Static fields and blocks ran when the class was made: their effects travel as values, so their text is blanked out, and what the
 * class extends is replaced by a name for its value.
 */
function separateStatics({ node, offset }: ParsedFunction, letters: string, edits: Edit[], text: string): ClassShape {
  const body = node['body'] as Syntax;
  const kept: Syntax[] = [];
  const members: ClassMember[] = [];
  const staticPrivates: string[] = [];
  const computed: ClassShape['computed'][number][] = [];
  let hasPrivateInstances = false;
  let hasConstructor = false;
  let hasFields = false;
  for (const member of body['body'] as Syntax[]) {
    const start = member.start - offset;
    const end = member.end - offset;
    const key = member['key'] as Syntax | undefined;
    const isStatic = member['static'] === true;
    const isField = member.type === 'PropertyDefinition';
    const isPrivate = key?.type === 'PrivateIdentifier';
    if (member.type === 'StaticBlock' || (isStatic && isField && !isPrivate)) {
      edits.push({ start, end, replacement: '' });
    } else if (isStatic && isField) {
      staticPrivates.push(key!['name'] as string);
      if (member['value']) edits.push({ start: key!.end - offset, end, replacement: ';' });
      member['value'] = null;
      kept.push(member);
    } else {
      if (isPrivate && !isStatic) hasPrivateInstances = true;
      else if (isField) hasFields = true;
      if (member['kind'] === 'constructor') hasConstructor = true;
      kept.push(member);
    }
    if (key && !isPrivate && member['kind'] !== 'constructor') {
      const name = member['computed'] ? undefined : String(key['name'] ?? key['value']);
      // toString of a static method begins after the word 'static'.
      const skipped = isStatic
        ? /^static(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/[^\n]*\n)*/.exec(text.slice(start, end))![0].length
        : 0;
      const method = isField ? undefined : text.slice(start + skipped, end);
      members.push({ key: name, isStatic, text: method });
      if (member['computed'] && method !== undefined && !isSelfContained(key)) {
        const letter = letters[KEYS + computed.length]!;
        edits.push({ start: key.start - offset, end: key.end - offset, replacement: letter });
        member['key'] = literalAt(key);
        computed.push({ text: method, isStatic });
      }
    }
  }
  body['body'] = kept;
  const heritage = node['superClass'] as Syntax | null;
  const extendsValue = heritage !== null && heritage['raw'] !== 'null';
  if (heritage && extendsValue) {
    edits.push({ start: heritage.start - offset, end: heritage.end - offset, replacement: letters[HERITAGE]! });
    node['superClass'] = null;
  }
  return { members, hasPrivateInstances, hasConstructor, hasFields, staticPrivates, extendsValue, computed };
}

/** Keys that need nothing from outside, as nearly all are: `[Symbol.iterator]`. */
function isSelfContained(key: Syntax): boolean {
  const object = key['object'] as Syntax | undefined;
  return (
    key.type === 'Literal' || (key.type === 'MemberExpression' && !key['computed'] && object!['name'] === 'Symbol')
  );
}

const literalAt = ({ start, end }: Syntax): Syntax => ({ type: 'Literal', value: 0, start, end, range: [start, end] });

interface Surroundings {
  /** Inside a function of its own `this`, `arguments` and `new.target`. */
  readonly ownThis: boolean;
  readonly ownSuper: boolean;
}

const OUTSIDE: Surroundings = { ownThis: false, ownSuper: false };
const INSIDE: Surroundings = { ownThis: true, ownSuper: true };

/** One walk over the function for what is not a question of variables. */
class Findings {
  readonly metas: { start: number; end: number }[] = [];
  readonly privateNames = new Set<string>();
  /** Identifiers that are only read through a named member, with its name. */
  readonly memberReads = new Map<Syntax, string>();
  dynamicImport = false;
  usesSuper = false;
  readonly outer = new Set<Outer>();
  obstacle: string | undefined;
  wantsSloppy = false;
  readonly #offset: number;
  readonly #classes: Set<string>[] = [];

  constructor({ node, form, offset }: ParsedFunction) {
    this.#offset = offset;
    if (form === 'class') this.#class(node, OUTSIDE);
    else if (node.type === 'ArrowFunctionExpression') this.#children(node, OUTSIDE);
    else this.#children(node, { ownThis: true, ownSuper: form === 'expression' });
  }

  #children(node: Syntax, around: Surroundings): void {
    for (const child of childrenOf(node)) this.#visit(child, around);
  }

  #visit(node: Syntax, around: Surroundings): void {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        this.#children(node, INSIDE);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#class(node, around);
        return;
      case 'BlockStatement':
        // A function in a block is visible outside it in sloppy mode only.
        if ((node['body'] as Syntax[]).some((statement) => statement.type === 'FunctionDeclaration'))
          this.wantsSloppy = true;
        break;
      case 'WithStatement':
        this.wantsSloppy = true;
        break;
      case 'ThisExpression':
        if (around.ownThis) this.wantsSloppy = true;
        else this.outer.add('this');
        break;
      case 'Super':
        if (!around.ownThis) this.outer.add('super');
        else if (!around.ownSuper) this.usesSuper = true;
        break;
      case 'Identifier':
        if (node['name'] === 'arguments') this.wantsSloppy = true;
        break;
      case 'PrivateIdentifier':
        if (!this.#classes.some((names) => names.has(node['name'] as string)))
          this.privateNames.add(node['name'] as string);
        break;
      case 'MetaProperty':
        if ((node['meta'] as Syntax)['name'] !== 'import') {
          if (!around.ownThis) this.obstacle ??= "it uses 'new.target' of the function around it";
        } else this.metas.push({ start: node.start - this.#offset, end: node.end - this.#offset });
        return;
      case 'ImportExpression':
        this.dynamicImport = true;
        break;
      case 'CallExpression': {
        const callee = node['callee'] as Syntax;
        if (callee.type === 'Identifier' && callee['name'] === 'eval')
          this.obstacle ??= "it calls 'eval', which can reach any variable";
        break;
      }
      case 'MemberExpression':
        this.#member(node);
        break;
      case 'AssignmentExpression':
        this.#target(node['left'] as Syntax);
        break;
      case 'UpdateExpression':
        this.#target(node['argument'] as Syntax);
        break;
      case 'UnaryExpression':
        if (node['operator'] === 'delete') {
          this.#target(node['argument'] as Syntax);
          this.wantsSloppy ||= (node['argument'] as Syntax).type === 'Identifier';
        }
        break;
    }
    this.#children(node, around);
  }

  #class(node: Syntax, around: Surroundings): void {
    if (isNode(node['superClass'])) this.#visit(node['superClass'], around);
    const members = (node['body'] as Syntax)['body'] as Syntax[];
    const keys = members.map((member) => member['key'] as Syntax | undefined);
    this.#classes.push(
      new Set(keys.filter((key) => key?.type === 'PrivateIdentifier').map((key) => key!['name'] as string)),
    );
    for (const member of members) {
      if (member.type === 'StaticBlock') this.#children(member, INSIDE);
      if (member['computed']) this.#visit(member['key'] as Syntax, around);
      if (isNode(member['value'])) this.#visit(member['value'], INSIDE);
    }
    this.#classes.pop();
  }

  #member(node: Syntax): void {
    const object = node['object'] as Syntax;
    if (object.type !== 'Identifier' || node['computed'] || this.memberReads.has(object)) return;
    this.memberReads.set(object, (node['property'] as Syntax)['name'] as string);
  }

  /** `object.key = …` changes the object: that is not reading a member. */
  #target(node: Syntax): void {
    if (node.type === 'MemberExpression') this.memberReads.set(node['object'] as Syntax, '');
  }
}

const isNode = (value: unknown): value is Syntax => typeof value === 'object' && value !== null;

function freeVariables(parsed: ParsedFunction, { memberReads, outer }: Findings) {
  const manager = analyseScopes(parsed.program, 'script');
  const eagerRanges =
    parsed.form === 'class'
      ? ((parsed.node['body'] as Syntax)['body'] as Syntax[])
          .filter((member) => member['computed'])
          .map((member) => member['key'] as Syntax)
      : [];
  const found = new Map<string, FreeVariable>();
  for (const reference of manager.globalScope!.through) {
    const identifier = reference.identifier as unknown as Syntax;
    const name = identifier['name'] as string;
    if (name === 'arguments') {
      outer.add(name);
      continue;
    }
    const offset = identifier.start - parsed.offset;
    let variable = found.get(name);
    if (!variable) {
      variable = { name, offset, written: undefined, bare: false, members: new Set(), eager: false };
      found.set(name, variable);
    }
    if (reference.isWrite()) variable.written ??= offset;
    const member = memberReads.get(identifier);
    if (member) variable.members.add(member);
    else variable.bare = true;
    if (eagerRanges.some(({ start, end }) => start <= identifier.start && identifier.end <= end)) variable.eager = true;
  }
  const nameScope = manager.acquire(parsed.node as never, false) as LexicalScope | null;
  const own = nameScope?.type === 'function-expression-name' ? nameScope.variables[0] : undefined;
  const write = own?.references.find((reference) => reference.isWrite());
  const writesOwnName = write && (write.identifier as unknown as Syntax).start - parsed.offset;
  return { free: [...found.values()], writesOwnName };
}

/** The engine puts a class at its constructor's parameters, an arrow at its own, any other function at its parenthesis. */
function anchorOf({ form, node, member, offset }: ParsedFunction, text: string): number {
  if (form === 'class') {
    const members = (node['body'] as Syntax)['body'] as Syntax[];
    const maker = members.find((each) => each['kind'] === 'constructor');
    return maker ? (maker['value'] as Syntax).start - offset : 0;
  }
  if (member) return node.start - offset;
  const id = node['id'] as Syntax | null | undefined;
  const from = (id ? id.end : node.start) - offset;
  const head = node.type === 'ArrowFunctionExpression' ? ARROW_HEAD : FUNCTION_HEAD;
  return from + head.exec(text.slice(from))![0].length;
}

const FUNCTION_HEAD = /^(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/[^\n]*\n|async\b|function\b|\*)*/;
const ARROW_HEAD = /^(?:async\b(?!\s*=>)(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/[^\n]*\n)*)?/;

const FIRST_LATIN = 0xc0;
const LAST_LATIN = 0xff;
const FIRST_IDEOGRAPH = 0x3400;

/** Names of one letter, so that they fit wherever they replace something; of Latin-1, so that the text keeps one byte a letter. */
function unusedLetters(text: string, { form, node }: ParsedFunction): string {
  const keys = form === 'class' ? ((node['body'] as Syntax)['body'] as Syntax[]).length : 0;
  let letters = '';
  for (let code = FIRST_LATIN; letters.length < KEYS + keys; code = code === LAST_LATIN ? FIRST_IDEOGRAPH : code + 1) {
    const letter = String.fromCharCode(code);
    if (letter !== '×' && letter !== '÷' && !text.includes(letter)) letters += letter;
  }
  return letters;
}

/** Keeps the text's length and its line ends, so that every position in it stays where the user wrote it. */
function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const { start, end, replacement } of edits) {
    const blank = result.slice(start + replacement.length, end).replace(/[^\n\r\u2028\u2029]/g, ' ');
    result = result.slice(0, start) + replacement + blank + result.slice(end);
  }
  return result;
}
