// This thread's way to the supervisor: one worker that creates and owns all others, because a worker dies with its creator and a
// creator that is blocked hears nothing. It is never blocked itself. The main thread makes it when the first thread is started; it
// does not keep the process alive.

import { ownBuffers } from '../heap/buffer.js';
import { atomic } from '../memory/atomics.js';
import { seatFor } from '../memory/kernel.js';
import { H_SIGINT_WATCHED } from '../memory/layout.js';
import { NO_SLOT, slot } from '../memory/memory.js';
import { threadFlags } from '../platform/flags.js';
import { programArguments } from '../platform/process.js';
import { SIGNAL_FLAGS } from '../platform/signal.js';
import { isProcessMain, type MessagePort, ownThreadId, spawn, type Transferable } from '../platform/worker.js';
import { poll } from '../sync/safepoint.js';
import type { Request, SupervisorBoot } from './messages.js';

interface Mailbox {
  postMessage(message: Request, transfer: readonly Transferable[]): void;
}

/** Milliseconds. */
const WATCH_PATIENCE = 2_000;

let mailbox: Mailbox | undefined;

/** A thread other than the main one was given its mailbox when it was made. */
export function connectSupervisor(control: MessagePort): void {
  mailbox = control;
}

/**
 * Sends a request; the main thread's first one starts the supervisor.
 * @throws the platform's error when that fails.
 */
export function ask(request: Request, transfer: readonly Transferable[] = []): void {
  mailbox ??= start();
  mailbox.postMessage(request, transfer);
}

/**
 * Waits until Ctrl-C is watched for: from the first thread on it is to mean the same at any moment. Only the first start in the main
 * thread comes to wait, while its worker boots.
 */
export function awaitSigintWatch(): void {
  if (slot === 0 && atomic.load(H_SIGINT_WATCHED) === 0) atomic.wait(H_SIGINT_WATCHED, 0, WATCH_PATIENCE);
}

/** Starts the supervisor if there is none yet. */
export function summonSupervisor(): void {
  mailbox ??= start();
}

export const hasSupervisor = (): boolean => mailbox !== undefined;

function start(): Mailbox {
  if (slot !== 0) throw new Error('only the main thread starts the supervisor');
  const data: SupervisorBoot = { processMain: isProcessMain, mainId: ownThreadId, flags: threadFlags() };
  const worker = spawn(
    { role: 'supervisor', seat: seatFor(NO_SLOT), data, argv: programArguments() },
    // It watches for Ctrl-C.
    { name: 'heddle supervisor', flags: SIGNAL_FLAGS },
  );
  // The only thing it ever says is that there is an interrupt.
  worker.on('message', poll);
  worker.on('error', (error) => {
    throw new Error('the supervisor of threads has died', { cause: error });
  });
  worker.unref();
  for (const [serial, kept] of ownBuffers.entries()) {
    const request: Request = { type: 'publish', serial, ...kept };
    worker.postMessage(request, kept.given === true ? [kept.object as Transferable] : []);
  }
  ownBuffers.clear();
  return worker;
}
