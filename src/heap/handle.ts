// Handles: the JavaScript objects through which a thread uses a cell of the shared memory. A handle has no state of its own: it is
// an address. Whatever travels between threads (the closure layer) sends {kind, address} and the receiver adopts it.

/** One kind of handle, for example locks. A thread has at most one handle for an address, so that `===` holds within a thread. */
export interface HandleKind<T extends object = object> {
  /** Unique in the process, the same in every thread: "Lock". */
  readonly name: string;
  is(value: object): value is T;
  /** Byte address of the cell in the shared memory. */
  address(handle: T): number;
  /** This thread's handle for a cell that somebody keeps alive during the call. */
  adopt(address: number): T;
}

const kinds = new Map<string, HandleKind>();

/** Called once for a kind, by the module that defines it. */
export function defineHandleKind<T extends object>(kind: HandleKind<T>): void {
  if (kinds.has(kind.name)) throw new Error(`handle kind ${kind.name} is defined twice`);
  kinds.set(kind.name, kind as unknown as HandleKind);
}

export function handleKindOf(value: object): HandleKind | undefined {
  for (const kind of kinds.values()) if (kind.is(value)) return kind;
  return undefined;
}

/** Throws when `name` was not defined in this thread: the module that defines the kind must be loaded first. */
export function handleKind(name: string): HandleKind {
  const kind = kinds.get(name);
  if (!kind) throw new Error(`handle kind ${name} is not loaded in this thread`);
  return kind;
}
