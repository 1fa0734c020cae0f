// Single values between threads: results, errors, messages. The same graph as that of a call; nothing in it is frozen.
import { leave } from '../platform/inspector.js';
import { Encoder } from './encode.js';
import { CaptureError } from './errors.js';
import { isRef, type ValuePacket } from './graph.js';
import { importsFor } from './imports.js';
import { Ledger } from './ledger.js';
import { rootPath } from './paths.js';

export { rebuildValue } from './rebuild.js';

export interface CapturedValue {
  /** Structured-cloneable. Without a ledger it brings all code it needs. */
  packet(ledger?: Ledger): unknown;
  readonly transfer: readonly object[];
  readonly handles: readonly number[];
}

/** Whether a packet of `captureValue` names modules that its receiver may have to import. */
export function namesModules(packet: unknown): boolean {
  return (packet as ValuePacket).graph.nodes.some(([tag]) => tag === 'import');
}

/** A promise for the modules that a packet needs and this thread does not have; undefined if it has them all. */
export const importsOf = (packet: unknown): Promise<unknown> | undefined => importsFor([(packet as ValuePacket).graph]);

/**
 * Captures a value under a name for error messages. An error arrives as an instance of its class, with its own properties, cause
 * and stack.
 * With `thrown`, what cannot travel in it is left out.
 * @throws CaptureError when it, or something in it that is not an error's, cannot travel.
 */
export function captureValue(value: unknown, name: string, thrown = false): CapturedValue {
  const encoder = new Encoder();
  try {
    const { nodes, roots } = encoder.encode([[value, rootPath(name)]], undefined, thrown);
    const root = roots[0]!;
    const [tag, why] = isRef(root) ? nodes[root[0]]! : [];
    if (tag === 'absent') throw new CaptureError(why as string);
    const graph = { nodes, roots, capturedFrom: nodes.length };
    return {
      packet: (ledger = new Ledger()): ValuePacket => ({ ...ledger.ship(encoder.codes, encoder.maps), graph }),
      transfer: encoder.transfer,
      handles: encoder.handles,
    };
  } finally {
    leave();
  }
}
