// The order that `Array` sorts into.

export type Compare<T> = (a: T, b: T) => number;

/** Indexes of the items in the order that `Array` sorts them into: undefined last, without a comparison by text. */
export function sorted<T>(items: readonly T[], compare: Compare<T> = byText): number[] {
  const indexes = [...items.keys()];
  const defined = indexes.filter((at) => items[at] !== undefined);
  const texts =
    compare === (byText as Compare<T>) ? items.map((item) => (item === undefined ? '' : String(item))) : items;
  defined.sort((a, b) => compare(texts[a] as T, texts[b] as T));
  return [...defined, ...indexes.filter((at) => items[at] === undefined)];
}

const byText = (a: unknown, b: unknown): number =>
  (a as string) < (b as string) ? -1 : (a as string) > (b as string) ? 1 : 0;
