// Symbols that every thread has.
import type { Node } from './graph.js';

const wellKnownSymbols = new Map<symbol, string>();
for (const name of Object.getOwnPropertyNames(Symbol)) {
  const value = (Symbol as unknown as Record<string, unknown>)[name];
  if (typeof value === 'symbol') wellKnownSymbols.set(value, name);
}

/** Undefined for a unique symbol. */
export function symbolNode(symbol: symbol): Node | undefined {
  const registered = Symbol.keyFor(symbol);
  if (registered !== undefined) return ['symbol', { registered }];
  const wellKnown = wellKnownSymbols.get(symbol);
  return wellKnown === undefined ? undefined : ['symbol', { wellKnown }];
}
