// The heap in a thread that runs a program: all kinds of shared objects, and what the platform and the runtime do for them.

import '../heap/array.js';
import '../heap/buffer.js';
import '../heap/copy.js';
import '../heap/date.js';
import '../heap/error.js';
import '../heap/map.js';
import '../heap/record.js';
import '../heap/set.js';
import '../sync/condition.js';
import '../sync/event.js';
import '../sync/lock.js';
import '../sync/rlock.js';
import { attachedBytes, explainAttached } from '../closure/values/attached.js';
import { recogniseAttachments } from '../heap/attachment.js';
import { tellFollowers } from '../heap/buffer.js';
import { defineErrorClass } from '../heap/error.js';
import { MemoryError } from '../heap/errors.js';
import { followsLength } from '../platform/insides.js';
import { BrokenBarrierError, DeadlockError, KeyboardInterrupt, SystemExit, ThreadError } from '../sync/errors.js';
import { attendBuffers } from './buffers.js';
import { attendHeap } from './collecting.js';
import { showStack } from './dump.js';
import { attendWaits } from './waits.js';

for (const Class of [ThreadError, DeadlockError, BrokenBarrierError, SystemExit, KeyboardInterrupt, MemoryError]) {
  defineErrorClass(Class);
}
tellFollowers(followsLength);
recogniseAttachments({ bytes: attachedBytes, explain: explainAttached });
attendHeap();
attendBuffers();
attendWaits();
showStack();
