// A thread ends a busy loop of the main thread: interruptMain() throws a KeyboardInterrupt there, as Ctrl-C does.

import { allocateLock, interruptible, interruptMain, KeyboardInterrupt, startNewThread } from 'heddle';

const busy = allocateLock();
busy.acquire();
startNewThread(() => {
  busy.acquire();
  interruptMain();
}, []);

try {
  interruptible(() => {
    busy.release();
    for (;;);
  });
} catch (error) {
  if (!(error instanceof KeyboardInterrupt)) throw error;
  console.log('The loop was interrupted.');
}
