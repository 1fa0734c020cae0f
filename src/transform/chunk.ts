// All that a bundler has joined: its modules were changed one by one, and here they get what they call, and tell of their tops.
import MagicString from 'magic-string';
import { boxDeclarations, boxUses, type Heads } from './boxes.js';
import { isMarked, takeMarks } from './marks.js';
import { isTransformed, prelude, preludeOfMany, preludeOfOne, usesIn } from './prelude.js';
import { outerVariables, type Root, rootAround, rootsOf } from './roots.js';
import { ParsedText, type Syntax, type Variable } from './text.js';
import { NOTHING, topText } from './top.js';
import { result, type Transformed, type TransformOptions } from './transform.js';
import { isLive } from './travellers.js';
import { type Form, formOf } from './variables.js';

export interface TransformedChunk extends Transformed {
  /** What could not be done, for the one who builds. */
  readonly warnings: readonly string[];
}

/**
 * Gives undefined for a chunk that needs no change.
 * @throws SyntaxError for one that no JavaScript parser reads, if modules of it were changed.
 */
export function transformChunk(text: string, options: TransformOptions = {}): TransformedChunk | undefined {
  if (isTransformed(text)) return undefined;
  let parsed: ParsedText;
  try {
    parsed = new ParsedText(text);
  } catch (error) {
    if (!isMarked(text)) return undefined;
    throw new SyntaxError(`Heddle's transform cannot read ${options.id ?? 'a chunk'}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const edits = new MagicString(text);
  const { stamps, shared } = takeMarks(parsed, edits, { next: 0 });
  const warnings: string[] = [];
  const forms = new Map<Variable, Form>();
  for (const variable of shared) {
    const form = formOf(parsed, variable);
    if (form !== undefined && !isLive(parsed, variable)) forms.set(variable, form);
    else warnings.push(notShared(variable));
  }
  const heads: Heads = [];
  boxUses(parsed, edits, forms);
  boxDeclarations(parsed, edits, forms, heads);
  const told = tops(parsed, stamps, forms);
  if (told.length === 0) return undefined;
  const [first] = told;
  const begin = parsed.beginOf(parsed.program);
  const uses = usesIn(edits.toString() + heads.join(''));
  if (told.length === 1 && first!.root.block === parsed.program) {
    edits.appendLeft(begin, `;${prelude(parsed.isModule, first!.top, uses)}${heads.join('')}`);
  } else {
    edits.appendLeft(begin, `;${preludeOfMany(parsed.isModule, uses)}`);
    for (const [at, { root, top }] of told.entries())
      edits.appendLeft(parsed.beginOf(root.block), `;${preludeOfOne(String(at), top, uses)}`);
    edits.appendLeft(begin, heads.join(''));
  }
  return { ...result(edits, options), warnings };
}

const notShared = ({ name }: Variable): string =>
  `the variable '${name}' is assigned to by functions that can go to threads, and the chunk exports it, so threads do not share it: ` +
  'a function that assigns to it will not start. Export functions that read and assign to it, or put both modules into one chunk';

interface Told {
  readonly root: Root;
  readonly top: string;
}

/** The tops that have something to tell, or whose functions stamp others. */
function tops(parsed: ParsedText, stamps: readonly Syntax[], forms: ReadonlyMap<Variable, Form>): Told[] {
  const roots = rootsOf(parsed);
  const stamping = new Set(stamps.map((stamp) => rootAround(parsed, roots, stamp)));
  for (const { scope } of forms.keys()) {
    const root = roots.find((each) => each.scope === scope);
    if (root) stamping.add(root);
  }
  const told: Told[] = [];
  for (const root of roots) {
    const isStamped = stamping.has(root);
    const outer = isStamped ? outerVariables(parsed, root) : [];
    const top = topText(parsed, root.scope, forms, isStamped, outer);
    if (top !== NOTHING) told.push({ root, top });
  }
  return told;
}
