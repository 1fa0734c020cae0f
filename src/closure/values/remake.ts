// The platform's objects whose state is not in their properties but can be asked for: taken apart by the sender, and made again from the
// parts by the receiver.
import type { Inspected } from '../../platform/inspector.js';
import { builtin } from '../../platform/modules.js';
import { type AnyFunction, kindOf } from './functions.js';
import { ownerOf } from './instances.js';
import type { Reason } from './paths.js';
import { atHome } from './wellknown.js';

export interface Parts {
  /** Plain data. */
  readonly data: readonly unknown[];
  /** Values that travel as any other; where they are needed, they may still be empty. */
  readonly values?: readonly unknown[];
}

interface Remaker {
  take(value: never): Parts | Reason;
  make(data: readonly Any[], values: readonly Any[]): object;
}

// biome-ignore lint/suspicious/noExplicitAny: what `take` has given
type Any = any;

type Class<T = object> = new (...args: readonly unknown[]) => T;

/** A class of the platform's by its path from globalThis, or from a builtin module. */
function classAt(path: string): Class | undefined {
  const [first, ...rest] = path.split('.');
  let found: unknown = first === 'util' ? builtin('util') : (globalThis as Record<string, unknown>)[first!];
  for (const name of rest) found = (found as Record<string, unknown> | undefined)?.[name];
  return found as Class | undefined;
}

const make = (path: string, ...args: readonly unknown[]): object => new (classAt(path)!)(...args);

/** Made again from its text. */
const byText = (path: string): Remaker => ({
  take: (value: object) => ({ data: [String(value)] }),
  make: ([text]) => make(path, text),
});

/** Made again from what it says that it was made with. */
const byOptions = (name: string): Remaker => ({
  take(value: { resolvedOptions(): { locale?: string; hour12?: boolean; hourCycle?: string } }) {
    const asked = (classAt(`Intl.${name}`)!.prototype as typeof value).resolvedOptions.call(value);
    const { locale, ...options } = asked;
    // It would take precedence, and says less.
    if (options.hourCycle !== undefined) delete options.hour12;
    return { data: [locale, options] };
  },
  make: ([locale, options]) => make(`Intl.${name}`, locale, options),
});

/** Made again by the method of its class that reads texts. */
const byReading = (name: string): Remaker => ({
  take: (value: object) => ({ data: [String(value)] }),
  make: ([text]) => (classAt(`Temporal.${name}`) as unknown as { from(text: string): object }).from(text),
});

const DURATION = 'years months weeks days hours minutes seconds milliseconds microseconds nanoseconds'.split(' ');

const REMAKERS: Readonly<Record<string, Remaker>> = {
  TextEncoder: { take: () => ({ data: [] }), make: () => new TextEncoder() },
  TextDecoder: {
    take: ({ encoding, fatal, ignoreBOM }: TextDecoder) => ({ data: [encoding, { fatal, ignoreBOM }] }),
    make: ([encoding, options]) => new TextDecoder(encoding, options),
  },
  File: {
    // As a Blob, for not every Node gives a File of a File.
    take: (file: File) => ({
      data: [file.name, { type: file.type, lastModified: file.lastModified }],
      values: [file.slice(0, file.size, file.type)],
    }),
    make: ([name, options], [blob]) => make('File', [blob], name, options),
  },
  Headers: {
    take: (headers: Headers) => ({ data: [[...headers]] }),
    make: ([entries]) => new Headers(entries),
  },
  FormData: {
    take: (form: FormData) => ({ data: [], values: [...form].flat() }),
    make(_, values) {
      const form = new FormData();
      for (let at = 0; at < values.length; at += 2) form.append(values[at]!, values[at + 1]!);
      return form;
    },
  },
  AbortSignal: {
    take: (signal: AbortSignal) =>
      signal.aborted
        ? { data: [], values: [signal.reason] }
        : {
            why: 'it is an AbortSignal, which would not be told there when it is aborted here',
            remedy: 'Pass an Event of this library, or cancel the future',
          },
    make: (_, [reason]) => AbortSignal.abort(reason),
  },
  MIMEType: byText('util.MIMEType'),
  Channel: {
    take: ({ name }: { name: string | symbol }) =>
      typeof name === 'string'
        ? { data: [name] }
        : { why: 'it is a Channel whose name is a symbol', remedy: 'Use a string as its name' },
    make: ([name]) => (builtin('diagnostics_channel') as { channel(name: string): object }).channel(name),
  },
  'Intl.Locale': byText('Intl.Locale'),
  'Temporal.Duration': {
    take: (duration: Record<string, number>) => ({
      data: [Object.fromEntries(DURATION.map((unit) => [unit, duration[unit]]))],
    }),
    make: ([fields]) => (classAt('Temporal.Duration') as unknown as { from(fields: object): object }).from(fields),
  },
};

for (const name of [
  'Collator',
  'DateTimeFormat',
  'DisplayNames',
  'DurationFormat',
  'ListFormat',
  'NumberFormat',
  'PluralRules',
  'RelativeTimeFormat',
  'Segmenter',
]) {
  Object.assign(REMAKERS, { [`Intl.${name}`]: byOptions(name) });
}
for (const name of [
  'Instant',
  'PlainDate',
  'PlainDateTime',
  'PlainMonthDay',
  'PlainTime',
  'PlainYearMonth',
  'ZonedDateTime',
]) {
  Object.assign(REMAKERS, { [`Temporal.${name}`]: byReading(name) });
}

/** Whether an object is an instance of exactly the class that a remaker is for. */
function isOf(value: object, name: string): boolean {
  const path = name === 'MIMEType' ? 'util.MIMEType' : name;
  const Class = name === 'Channel' ? (builtin('diagnostics_channel') as { Channel: Class }).Channel : classAt(path);
  return Class !== undefined && atHome(Object.getPrototypeOf(value)) === Class.prototype;
}

function isPlatform(owner: AnyFunction, inspections: Map<object, Inspected>): boolean {
  const { kind } = kindOf(owner, inspections);
  return kind === 'platform' || kind === 'obstacle';
}

/** Whether an object that is made again can change: one that cannot may be kept by the one who has it. */
export const isConstant = (as: string): boolean => /^(?:Text|Intl\.|Temporal\.|File$)/.test(as);

/** How an object is made again: with what, or why it cannot be. Undefined for one that is no such object. */
export function takeApart(
  value: object,
  inspections: Map<object, Inspected>,
): { readonly as: string; readonly parts: Parts } | Reason | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  const owner = prototype === null ? undefined : ownerOf(prototype);
  if (owner === undefined) return undefined;
  const { name } = owner;
  for (const as of [name, `Intl.${name}`, `Temporal.${name}`]) {
    // A class of the program's may have any name; asking for the platform's may load it.
    if (!Object.hasOwn(REMAKERS, as) || !isPlatform(owner, inspections) || !isOf(value, as)) continue;
    const parts = REMAKERS[as]!.take(value as never);
    return 'why' in parts ? parts : { as, parts };
  }
  return undefined;
}

/** The receiver's object. */
export function remake(as: string, data: readonly unknown[], values: readonly unknown[]): object {
  return REMAKERS[as]!.make(data, values);
}
