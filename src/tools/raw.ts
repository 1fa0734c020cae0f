// The steps on shared words, as they are without tools: the steps that a tool takes for itself are not the program's. Loaded before any
// tool puts its own steps into `atomic`.

import { atomic } from '../memory/atomics.js';
import { kernel } from '../memory/kernel.js';

const { wait, notify, now } = atomic;

export const raw = { ...kernel, wait, notify, now };
