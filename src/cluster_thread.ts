// What the cluster starts threads with: each imports this file. It is no entry of the package.

import { registerExports } from './closure/exports.js';
import { defineClusterErrors } from './cluster/errors.js';
import { noteFace } from './cluster/wire/faces.js';
import * as self from './cluster_thread.js';
import { noteOwnFiles } from './platform/own.js';
import { wire } from './wiring.js';

export { serveStation } from './cluster/serve.js';
export { prepareThread } from './cluster/task.js';

/** Where the face that programs import is. */
export const CLUSTER = new URL('./cluster.js', import.meta.url).href;

wire();
defineClusterErrors();
noteOwnFiles(new URL('./cluster', import.meta.url).href);
noteFace('cluster', CLUSTER);
noteFace('cluster_thread', import.meta.url);
registerExports(import.meta.url, self);
