// Single atomic steps on aligned 32-bit words, sequentially consistent.
//
// V8 calls into the runtime for JavaScript's `Atomics.*` but compiles these to one machine instruction behind an inlined call, so
// the facade (src/memory/atomics.ts) takes them from here.

export function load(address: i32): i32 {
  return atomic.load<i32>(address);
}

export function store(address: i32, value: i32): void {
  atomic.store<i32>(address, value);
}

export function exchange(address: i32, value: i32): i32 {
  return atomic.xchg<i32>(address, value);
}

export function compareExchange(address: i32, expected: i32, value: i32): i32 {
  return atomic.cmpxchg<i32>(address, expected, value);
}

export function add(address: i32, delta: i32): i32 {
  return atomic.add<i32>(address, delta);
}

export function or(address: i32, bits: i32): i32 {
  return atomic.or<i32>(address, bits);
}

export function and(address: i32, bits: i32): i32 {
  return atomic.and<i32>(address, bits);
}
