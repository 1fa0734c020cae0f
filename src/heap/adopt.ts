// How the wrapper of a cell that exists already is made: `new` on its class, which looks here first.

import { refresh, V } from '../memory/memory.js';
import type { Page } from './pages.js';

export interface Adopted {
  readonly cell: number;
  readonly page: Page;
}

/** The cell that the next constructor call is for; 0 = a new one. Set just before the call, and cleared by it. */
export const adopting: { cell: number; page: Page | undefined } = { cell: 0, page: undefined };

/** The constructor has taken the cell. */
export function adopted(): void {
  adopting.cell = 0;
}

/** A call was cut short. */
export const saveAdopting = (): (() => void) => adopted;

/** Makes a wrapper. From then on this thread's views reach its cell: what is written there would be lost otherwise, without a word. */
export function adopt<T>(Class: new () => T, cell: number, page: Page): T {
  if (cell >= V.I32.length) refresh();
  adopting.page = page;
  adopting.cell = cell;
  const wrapper = new Class();
  // Or it would live until the next.
  adopting.page = undefined;
  return wrapper;
}
