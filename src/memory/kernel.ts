// Instantiates the Wasm kernel over the shared memory, once a thread. The binary is text inside a module (made by
// scripts/build-kernel.mjs), so bundlers need nothing, and small enough to compile at once. The main thread compiles it, and all others are
// given what it has compiled.

import { KERNEL } from './kernel-bytes.js';
import { equipment, givenKernel, memory, type Seat, updateSize } from './memory.js';
import { Wasm } from './wasm.js';

/** What kernel/kernel.ts exports: one atomic step each, on a byte address. */
export interface Kernel {
  load(address: number): number;
  store(address: number, value: number): void;
  /** Returns the old value. */
  exchange(address: number, value: number): number;
  /** Stores `value` if the word is `expected`; returns the old value. */
  compareExchange(address: number, expected: number, value: number): number;
  /** Returns the old value. */
  add(address: number, delta: number): number;
  /** Returns the old value. */
  or(address: number, bits: number): number;
  /** Returns the old value. */
  and(address: number, bits: number): number;
}

/** Of text in base64, by what browsers have too. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

const compiled = givenKernel ?? new Wasm.Module(bytesOf(KERNEL));

export const kernel = new Wasm.Instance(compiled, {
  env: { memory, refresh: updateSize },
}).exports as unknown as Kernel;

/** What a new worker is told of the memory. */
export const seatFor = (slot: number): Seat => ({ memory, slot, kernel: compiled, tools: equipment.of });
