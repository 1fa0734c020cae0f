// The hook for Node before 22.15, whose hooks live in a thread of their own.
import { loadBy } from '../platform/hooks.js';
import { loaded } from './load.js';

export const load = loadBy(loaded);
