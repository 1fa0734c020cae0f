// Objects of the platform that are empty when they are new. If such an object is a constant of the program, each thread makes its own by
// the same text, as it does with what packages make.
import { builtin } from '../../platform/modules.js';
import { atHome } from '../values/wellknown.js';

/** Their classes, and the modules that have them. */
const RENEWED: Readonly<Record<string, readonly string[]>> = {
  AsyncLocalStorage: ['async_hooks'],
  Agent: ['http', 'https'],
};

export function isRenewed(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  const made: unknown = prototype && Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof made !== 'function' || !Object.hasOwn(RENEWED, made.name)) return false;
  // The program may have a class of that name.
  return RENEWED[made.name]!.some(
    (name) => (builtin(name) as Record<string, { prototype?: object }>)[made.name]?.prototype === atHome(prototype),
  );
}
