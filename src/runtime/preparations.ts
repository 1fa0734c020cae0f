// Functions of upper layers that a thread calls before it runs a function, for preparations that need the event loop.

type Preparation = () => Promise<unknown> | undefined;

const preparations: Preparation[] = [];

/** `prepare` is called before each function that a thread runs. A promise is waited for. */
export function beforeRun(prepare: Preparation): void {
  preparations.push(prepare);
}

let first: Preparation | undefined;

/** As `beforeRun`, before all others, and also before each task of an executor. There is one. */
export function beforeAllElse(prepare: Preparation): void {
  first = prepare;
}

export const prepareFirst: Preparation = () => first?.();

/** A promise if anything has to be waited for. */
export function prepareRun(): Promise<unknown> | undefined {
  const begun = prepareFirst();
  return begun === undefined ? prepareRest() : begun.then(prepareRest);
}

function prepareRest(): Promise<unknown> | undefined {
  let waits: Promise<unknown>[] | undefined;
  for (const prepare of preparations) {
    const wait = prepare();
    if (wait !== undefined) waits = [...(waits ?? []), wait];
  }
  return waits && Promise.all(waits);
}
