// A walk may find out late that a value which it has passed already must travel in another way: as a recipe, or not at all. Then it begins again
// with that knowledge.

import { madeOf, makeAgain } from '../again.js';
import { CaptureError } from '../errors.js';
import { isRenewed } from '../recipes/renewed.js';
import { comesFromPackage, MOST_INSIDES, outermost, tooMuchInside } from '../values/insides.js';
import { explainRefusal, type Path, type Reason } from '../values/paths.js';

const DETOUR = Symbol('detour');

export const isDetour = (error: unknown): boolean => error === DETOUR;

export class Detours {
  /** Nodes of what the receiver makes by itself, by recipe and name. */
  readonly remade = new Map<string, number>();
  /** What stays behind as a whole. */
  readonly refused = new Map<unknown, Reason>();
  #insides = 0;

  /** Walks until there is no detour any more; before each other attempt it forgets what it has done. */
  until<T>(walk: () => T, forget: () => void): T {
    for (;;) {
      try {
        return walk();
      } catch (error) {
        if (error !== DETOUR) throw error;
        this.remade.clear();
        this.#insides = 0;
        forget();
      }
    }
  }

  /**
   * Begins again if a thread can make by itself what `path` leads from. `isPackages`: what it leads to is a package's; otherwise that is asked
   * of what it leads from, unless each thread has its own of the `value` that it leads to.
   */
  makeAgain(path: Path, isPackages: boolean, value?: object): void {
    if (makeAgainOn(path, isPackages || (value !== undefined && isRenewed(value)))) throw DETOUR;
  }

  /** Leaves the program's variable that `path` leads from behind, and begins again. */
  refuse(path: Path, reason: Reason): void {
    const outer = outermost(path);
    const value = outer?.capture?.value;
    if (outer === undefined || value === undefined || this.refused.has(value))
      throw new CaptureError(explainRefusal(outer ?? path, reason));
    this.refused.set(value, reason);
    throw DETOUR;
  }

  /** A walk that goes on and on inside of packages is ended. */
  stepInside(path: Path, name: string): void {
    if (++this.#insides <= MOST_INSIDES) return;
    this.makeAgain(path, true);
    this.refuse(path, tooMuchInside(name));
  }
}

/**
 * Finds, on the way that leads to something that cannot be copied, the last constant that a thread can make by itself. From now on that
 * travels so.
 */
function makeAgainOn(path: Path, isPackages: boolean): boolean {
  for (let at: Path | undefined = path; at; at = at.up ?? at.capture?.through) {
    const { value, again } = at.capture ?? {};
    if (!value || !again || madeOf(value)) continue;
    const made = again();
    if (typeof made === 'string' || !(isPackages || comesFromPackage(made))) continue;
    makeAgain(value, made);
    return true;
  }
  return false;
}
