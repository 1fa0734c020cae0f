// The steps on shared words as they are without tools: what a tool does for itself is nothing that a program has done. Loaded before any tool puts
// its own steps into `atomic`.

import { atomic } from '../memory/atomics.js';
import { kernel } from '../memory/kernel.js';

const { wait, notify, now } = atomic;

export const raw = { ...kernel, wait, notify, now };
