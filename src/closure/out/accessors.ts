// Properties that compute what they give.

import { isPackageFile } from '../text/installed.js';
import { kindOf } from '../values/functions.js';
import { atHome } from '../values/wellknown.js';
import type { Encoder } from './encoder.js';

/**
 * A property of plain data whose getter is inside of a package, such as the `error` of a zod result, as what it gives now: the getter would
 * need the insides of the package. All others as they are.
 */
export function readInPackage(encoder: Encoder, owner: object, found: PropertyDescriptor): PropertyDescriptor {
  if (found.get === undefined || !found.enumerable) return found;
  const prototype = atHome(Object.getPrototypeOf(owner));
  if (prototype !== Object.prototype && prototype !== null) return found;
  const kind = kindOf(found.get, encoder.inspections);
  if (kind.kind !== 'source' || !isPackageFile(kind.record.file)) return found;
  try {
    const value: unknown = found.get.call(owner);
    // It may give another one next time.
    encoder.changing = true;
    return { value, writable: true, enumerable: true, configurable: found.configurable ?? true };
  } catch {
    return found;
  }
}
