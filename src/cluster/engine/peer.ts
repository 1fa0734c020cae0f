// The packages that the engines take, which this one does not bring.

/**
 * A package that the engine needs, which this one does not bring.
 * @throws Error that says how to get it.
 */
export async function peer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code } = cause as { code?: string };
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error(`heddle/cluster needs the package '${name}', which is not installed: npm i ${name}`, { cause });
  }
}
