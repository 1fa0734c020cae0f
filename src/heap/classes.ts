// All kinds of shared objects that the heap knows by itself. A thread may meet any of them, whether its program uses that kind or not.

import { saveParking, saveWaits } from '../memory/park.js';
import { saveAdopting } from './adopt.js';
import { defineArrays } from './array.js';
import { saveJoining } from './array-reading.js';
import { defineBuffers } from './buffer.js';
import { defineCopies } from './copy.js';
import { keptThroughCuts } from './cut.js';
import { defineDates } from './date.js';
import { defineErrors } from './error.js';
import { defineMaps } from './map.js';
import { defineRecords } from './record.js';
import { saveScopes } from './scope.js';
import { defineSets } from './set.js';

/** Once in each thread, before it uses the heap. */
export function defineHeapKinds(): void {
  defineArrays();
  defineBuffers();
  defineDates();
  defineErrors();
  defineMaps();
  defineRecords();
  defineSets();
  defineCopies();
  keptThroughCuts(saveWaits, saveParking, saveAdopting, saveJoining, saveScopes);
}
