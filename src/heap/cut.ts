// A guarded function can be ended between any two of its instructions, and its `finally` blocks do not run then (src/sync/safepoint.ts). What
// a module notes for the time of a call, it has put back.

type Save = () => () => void;

const saves: Save[] = [];

/** `save` is called before a guarded function. If that is cut short, what it returns puts back what there was. */
export function keptThroughCuts(save: Save): void {
  saves.push(save);
}

/** Before a guarded function; call what it returns if that was cut short. */
export function saveForCut(): () => void {
  const putBack = saves.map((save) => save());
  return () => {
    for (const put of putBack) put();
  };
}
