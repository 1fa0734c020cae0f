// Properties that Node's own errors have besides the usual ones.

/** As the errors of Node that have a code say what they are: "TypeError [ERR_INVALID_ARG_TYPE]: …". */
export function showNodeError(this: { name?: unknown; code?: unknown; message?: unknown }): string {
  return `${String(this.name)} [${String(this.code)}]: ${String(this.message)}`;
}
