// What one thread has sent another, so that nothing is sent twice.
import type { CodeRecord, MapRecord, Shipment } from './graph.js';

/** One for each target; the runtime keeps it as long as the target lives. */
export class Ledger {
  readonly #codes = new Set<string>();
  readonly #maps = new Set<string>();
  readonly #closures = new Set<number>();
  #dropped: number[] = [];

  /** What of this the target does not have; from now on it has it. */
  ship(codes: ReadonlyMap<string, CodeRecord>, maps: ReadonlyMap<string, MapRecord>): Shipment {
    const shipment: { codes?: CodeRecord[]; maps?: MapRecord[]; drop?: number[] } = {};
    const newCodes = unsent(codes, this.#codes);
    const newMaps = unsent(maps, this.#maps);
    if (newCodes.length > 0) shipment.codes = newCodes;
    if (newMaps.length > 0) shipment.maps = newMaps;
    if (this.#dropped.length > 0) shipment.drop = this.#dropped.splice(0);
    return shipment;
  }

  /** Whether there is anything to say besides what a cached closure's id says. */
  get hasDropped(): boolean {
    return this.#dropped.length > 0;
  }

  hasClosure(id: number): boolean {
    return this.#closures.has(id);
  }

  addClosure(id: number): void {
    this.#closures.add(id);
  }

  /** The next packet tells the target to forget a closure. */
  dropClosure(id: number): void {
    if (this.#closures.delete(id)) this.#dropped.push(id);
  }
}

function unsent<T>(all: ReadonlyMap<string, T>, sent: Set<string>): T[] {
  const found: T[] = [];
  for (const [id, item] of all) {
    if (sent.has(id)) continue;
    sent.add(id);
    found.push(item);
  }
  return found;
}
