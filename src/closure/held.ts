// Values by name, known only as long as somebody holds them: for names without end, such as the texts of functions that a program makes as
// it runs.

/** Values by name, each as long as somebody else holds it. The latest `recent` are held here: one that is used again and again is kept. */
export class WhileHeld<V extends object> {
  readonly #values = new Map<string, WeakRef<V>>();
  readonly #gone = new FinalizationRegistry<{ readonly name: string; readonly value: WeakRef<V> }>(
    ({ name, value }) => {
      if (this.#values.get(name) === value) this.#values.delete(name);
    },
  );
  readonly #latest: V[] = [];
  readonly #recent: number;
  #next = 0;

  constructor(recent = 0) {
    this.#recent = recent;
  }

  get(name: string): V | undefined {
    return this.#values.get(name)?.deref();
  }

  set(name: string, held: V): void {
    const value = new WeakRef(held);
    this.#values.set(name, value);
    this.#gone.register(held, { name, value });
    if (this.#recent === 0) return;
    this.#latest[this.#next] = held;
    this.#next = (this.#next + 1) % this.#recent;
  }

  *values(): Generator<V> {
    for (const value of this.#values.values()) {
      const held = value.deref();
      if (held !== undefined) yield held;
    }
  }
}
