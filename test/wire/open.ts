// Opens the parcels of a call as a thread of an executor does.

import { CALL } from '#heddle/futures/cell.js';
import { Future } from '#heddle/futures/future.js';
import { type CallParcels, readCall, writeParcels } from '#heddle/parcel/call.js';
import { addressOf } from '#heddle/sync/cell.js';

/** The call, as a function without parameters. */
export async function functionOfParcels(parcels: CallParcels): Promise<() => unknown> {
  const future = new Future<unknown>();
  writeParcels(addressOf(future) + CALL, parcels);
  const { fn, args } = await readCall(addressOf(future) + CALL);
  return () => fn(...args);
}
