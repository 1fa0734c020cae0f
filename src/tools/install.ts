// Turns on, in this thread, the tools that are asked for.

import { atomic } from '../memory/atomics.js';
import { hooks } from '../memory/hooks.js';
import { H_TOOLS, R_ATTENTION } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { record } from '../memory/self.js';
import { endWithStatus, onExit } from '../platform/process.js';
import { describeThread } from '../sync/names.js';
import { WATCHED } from '../sync/safepoint.js';
import { EXPLORES, LOCK_ORDER, PLACES, RACES, TRACES } from './bits.js';
import { equipped, makeEquipment } from './equipment.js';
import { attendBoard, makeKnown } from './explore/crew.js';
import { noteAcquired, noteReleased } from './held.js';
import { watchLockOrder } from './order.js';
import { notePlaces } from './places.js';
import { attach, beginThread, makeLocks, noteText } from './races/clocks.js';
import { watchStores } from './races/containers.js';
import { tellUnsaid, watchFields } from './races/fields.js';
import { watchOrder } from './races/order.js';
import { found } from './races/report.js';
import { raw } from './raw.js';
import { numberOf } from './texts.js';
import { traceThread } from './trace/trace.js';

/** With which status a process ends that had races, where that is asked for. */
const RACY = 66;

/** By the main thread, before it does anything else. */
export function prepare(asked: Readonly<Record<string, string>>): void {
  const races = asked['HEDDLE_RACES'] !== undefined;
  const order = asked['HEDDLE_LOCKORDER'] !== undefined;
  makeEquipment(asked, races ? makeLocks() : 0);
  const traces = asked['HEDDLE_TRACE'] !== undefined;
  raw.or(H_TOOLS, PLACES | (traces ? TRACES : 0) | (races ? RACES : 0) | (order ? LOCK_ORDER : 0));
}

let installed = 0;

/** Called when a thread has loaded the library, and again when more tools are on. */
export function install(): void {
  makeKnown();
  const bits = raw.load(H_TOOLS) & ~installed;
  installed |= bits;
  if ((bits & (RACES | LOCK_ORDER | TRACES)) !== 0) watchHeld();
  if ((bits & LOCK_ORDER) !== 0) watchLockOrder();
  if ((bits & RACES) !== 0) watchRaces();
  if ((bits & TRACES) !== 0) traceThread();
  if ((bits & PLACES) !== 0 && equipped() !== undefined) notePlaces();
  if ((bits & EXPLORES) !== 0) attendBoard();
}

/** Every lock goes its slow way from now on, where it tells of itself. */
function watchHeld(): void {
  atomic.or(record + R_ATTENTION, WATCHED);
  hooks.acquired = noteAcquired;
  hooks.releasing = noteReleased;
}

function watchRaces(): void {
  const equipment = equipped()!;
  attach(equipment);
  watchFields(equipment);
  watchStores(equipment);
  const begin = (): void => beginThread((number) => noteText(number, numberOf(describeThread(slot))));
  begin();
  const { began, ended } = hooks;
  hooks.began = () => {
    began();
    begin();
  };
  hooks.ended = () => {
    tellUnsaid();
    ended();
  };
  watchOrder();
  if (slot !== 0) return;
  onExit(() => {
    tellUnsaid();
    if (found() > 0 && /\bexit\b/.test(equipment.asked['HEDDLE_RACES'] ?? '')) endWithStatus(RACY);
  });
}
