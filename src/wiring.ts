// Who plugs into what.
//
// A lower layer does not know those above it. Where it needs something of them it has a seam: an interface, with a default for as long as
// nobody has filled it. All seams are filled here, once in each thread of the program and in this order. Evaluating a module does nothing to
// another one, so the order of imports means nothing.

import * as captureErrors from './closure/errors.js';
import { registerExports } from './closure/exports.js';
import * as nodeErrors from './closure/node-error.js';
import { attachedBytes, explainAttached } from './closure/values/attached.js';
import { travelAs } from './closure/values/structs.js';
import { saveStages } from './data/behaviour.js';
import { importForStructs, meetStruct, publishStructs, structs } from './data/struct.js';
import { equip } from './equip.js';
import { Segment } from './futures/backlog.js';
import { tellOfBlocking } from './futures/blocking.js';
import { BrokenExecutor, CancelledError, InvalidStateError, TimeoutError } from './futures/errors.js';
import { ThreadPoolExecutor } from './futures/executor.js';
import { tasksLeft } from './futures/exit.js';
import { Future } from './futures/future.js';
import { startWorkersBy } from './futures/pool.js';
import { blocking, endLasting, noteLasting } from './futures/post.js';
import { saySubmission, tellUnseen } from './futures/unseen.js';
import * as workers from './futures/worker.js';
import { recogniseAttachments } from './heap/attachment.js';
import { exchangeBuffersBy, tellFollowers } from './heap/buffer.js';
import { defineHeapKinds } from './heap/classes.js';
import { keptThroughCuts } from './heap/cut.js';
import { defineErrorClass } from './heap/error.js';
import { evaluateBy } from './heap/record-class.js';
import { collectWith } from './heap/room.js';
import { meetStructsWith } from './heap/shapes.js';
import { relieveWith } from './heap/tidy.js';
import { slot } from './memory/memory.js';
import { careForWaits } from './memory/park.js';
import { Job } from './parcel/call.js';
import { Parcel } from './parcel/parcel.js';
import { followsLength } from './platform/insides.js';
import { evaluate } from './platform/script.js';
import { defineQueueKinds } from './queue/classes.js';
import { heedBeforeParking, heedOnLoop } from './runtime/asking.js';
import { exchange } from './runtime/buffers.js';
import { catchUpOnLoop, checkCollections, collecting, relief, watchCollections } from './runtime/collecting.js';
import { showStack } from './runtime/dump.js';
import { atThreadEnd } from './runtime/ends.js';
import { attendMain, interrupts } from './runtime/interrupt.js';
import { beforeAllElse, beforeRun } from './runtime/preparations.js';
import { tellBy } from './runtime/report.js';
import { atVeryEnd, checkLeaving, waitAtEnd } from './runtime/shutdown.js';
import { beforeStart } from './runtime/start.js';
import { seatMain } from './runtime/table.js';
import { attend, heed, leave, look } from './runtime/waits.js';
import {
  BARRIER,
  defineSyncClass,
  EXECUTOR,
  FUTURE,
  JOB,
  PARCEL,
  TASK,
  THREAD,
  THREAD_LOCAL,
  TIMER,
} from './sync/cell.js';
import { defineSyncKinds } from './sync/classes.js';
import { checkHolder } from './sync/patience.js';
import { giveUp, interruptBy } from './sync/safepoint.js';
import { Barrier } from './threading/barrier.js';
import { forgetCurrent, makeMain } from './threading/current.js';
import { tellHook } from './threading/excepthook.js';
import { forgetLocals, ThreadLocal } from './threading/local.js';
import { publishOnce, setUpHere } from './threading/setup.js';
import * as threads from './threading/thread.js';
import { Timer } from './threading/timer.js';

let wired = false;

/** Every face calls it before anything else; only the first call does something. */
export function wire(): void {
  if (wired) return;
  wired = true;
  wireKinds();
  wireHeap();
  wireWaits();
  wireCaptures();
  wireThreads();
  wireEnd();
  equip();
}

/** What can lie in the shared heap. A thread may meet any of it, whether its program uses it or not. */
function wireKinds(): void {
  defineHeapKinds();
  defineSyncKinds();
  defineQueueKinds();
  const classes = [
    [PARCEL, Parcel],
    [JOB, Job],
    [THREAD, threads.Thread],
    [TIMER, Timer],
    [THREAD_LOCAL, ThreadLocal],
    [BARRIER, Barrier],
    [FUTURE, Future],
    [EXECUTOR, ThreadPoolExecutor],
    [TASK, Segment],
  ] as const;
  for (const [which, Class] of classes) defineSyncClass(which, Class);
  for (const Class of [CancelledError, TimeoutError, InvalidStateError, BrokenExecutor]) defineErrorClass(Class);
  meetStructsWith(meetStruct);
}

/** What the heap needs of the platform and of other threads. */
function wireHeap(): void {
  keptThroughCuts(saveStages);
  checkCollections();
  tellFollowers(followsLength);
  evaluateBy((text) => evaluate(text, { filename: 'heddle:record' }));
  recogniseAttachments({ bytes: attachedBytes, explain: explainAttached });
  relieveWith(relief);
  collectWith(collecting);
  exchangeBuffersBy(exchange);
  catchUpOnLoop();
  heedOnLoop();
}

/** What is done about waits, and about interrupts. */
function wireWaits(): void {
  careForWaits({
    begin(wanted) {
      saySubmission();
      checkHolder(wanted);
      checkLeaving(wanted);
    },
    relieve: heedBeforeParking,
    look(wanted, forever) {
      noteLasting(wanted);
      look(wanted, forever);
    },
    heed,
    leave() {
      endLasting();
      leave();
    },
    giveUp,
    attend,
  });
  tellOfBlocking(blocking);
  interruptBy(interrupts);
  showStack();
}

/** What travels in a way of its own. */
function wireCaptures(): void {
  travelAs(structs);
  // What this library has sent travels by name. The faces do the same with what programs get of them.
  const modules = {
    'closure/errors': captureErrors,
    'closure/node-error': nodeErrors,
    'futures/worker': workers,
    'threading/thread': threads,
  };
  for (const [path, exports] of Object.entries(modules)) registerExports(`heddle:${path}`, exports);
}

/** What is done before a thread is started, before it runs something, and when it ends. */
function wireThreads(): void {
  beforeStart(publishStructs);
  beforeStart(makeMain);
  beforeStart(publishOnce);
  beforeAllElse(setUpHere);
  // Tools that were turned on meanwhile.
  beforeRun(equip);
  beforeRun(importForStructs);
  beforeRun(threads.leaveFormer);
  atThreadEnd(forgetCurrent);
  atThreadEnd(forgetLocals);
  tellBy(tellHook);
  startWorkersBy(workers.startWorker);
}

/** The main thread, and the end of the process. */
function wireEnd(): void {
  if (slot !== 0) return;
  seatMain();
  attendMain();
  waitAtEnd(tasksLeft);
  watchCollections(() => tellUnseen(false));
  atVeryEnd(() => tellUnseen(true));
}
