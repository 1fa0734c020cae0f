// The wire protocol between threads and the supervisor. Jobs do not pass here: they lie in the shared heap.

import type { Gift, Kept } from '../heap/buffer.js';
import type { MessagePort } from '../platform/worker.js';

/** From any thread to the supervisor. */
export type Request =
  /** Make the worker with this serial for a slot in state SPAWNING; its first job is in flight to the slot. */
  | { readonly type: 'spawn'; readonly slot: number; readonly worker: number }
  /** An interrupt was set in the main thread's attention word. */
  | { readonly type: 'interrupt' }
  /** What the thread of a slot runs was cancelled: GIVE_UP is set in its attention word. */
  | { readonly type: 'cancel'; readonly slot: number }
  /** Say on the port what each thread does, and count it in R_ANSWERS of the slot; without a port, print it. */
  | { readonly type: 'dump'; readonly answer?: { readonly slot: number; readonly port: MessagePort } }
  /** Watch for SIGQUIT. */
  | { readonly type: 'quit' }
  /** Make the collector's worker. */
  | { readonly type: 'collector' }
  | BufferRequest;

/** Shared buffers and other objects that only messages can carry (src/runtime/buffers.ts). */
export type BufferRequest =
  | ({ readonly type: 'publish'; readonly serial: number } & Kept)
  /** They come with the message, and the first thread that asks gets them. */
  | { readonly type: 'give'; readonly gifts: readonly Gift[] }
  /** The port is where answers go; it comes with a thread's first request. */
  | { readonly type: 'fetch'; readonly serial: number; readonly slot: number; readonly port: MessagePort | undefined };

/** From the supervisor to the main thread: take a turn of the event loop, there is an interrupt. */
export type Poke = 'turn';

export interface SupervisorBoot {
  /** Whether the main thread is that of the process: signals and the debugger reach it. */
  readonly processMain: boolean;
  /** What the platform calls the main thread. */
  readonly mainId: number;
  /** Node's options for threads. */
  readonly flags: readonly string[];
}

export interface ThreadBoot {
  readonly control: MessagePort;
}
