// Options of Node's that workers are given.

/** Options that threads have as the main thread has them: how modules load, what is measured. Each is followed by a value, … */
const VALUED = [
  '--import',
  '--require',
  '-r',
  '--loader',
  '--experimental-loader',
  '--conditions',
  '-C',
  '--cpu-prof-dir',
  '--cpu-prof-interval',
  '--heap-prof-dir',
  '--heap-prof-interval',
];
/** … or stands alone. The name of a profile is left out: each thread's has one of its own. */
const SWITCHES =
  /^--(no-warnings|enable-source-maps|preserve-symlinks(-main)?|experimental-(strip|transform)-types|cpu-prof|heap-prof|frozen-intrinsics)$/;

/**
 * Those of this process's options that a thread must be told of: it runs the program's code, may import more of it, and is measured as
 * the main thread is. Other options hold for the whole process anyway, or break workers.
 */
export function threadFlags(): string[] {
  const flags = process.execArgv;
  const kept: string[] = [];
  for (let index = 0; index < flags.length; index++) {
    const flag = flags[index] ?? '';
    const value = flags[index + 1];
    if (VALUED.includes(flag) && value !== undefined) {
      kept.push(flag, value);
      index++;
    } else if (VALUED.some((name) => flag.startsWith(`${name}=`)) || SWITCHES.test(flag)) {
      kept.push(flag);
    }
  }
  return kept;
}

const environmentFlags = (): string[] => (process.env['NODE_OPTIONS'] ?? '').split(/\s+/);

/**
 * Where links are not followed, every worker must find this library where the main thread has found it: its first module too, which is
 * loaded as a program is.
 */
function linkFlags(): string[] {
  const keepsLinks =
    [...process.execArgv, ...environmentFlags()].includes('--preserve-symlinks') ||
    process.env['NODE_PRESERVE_SYMLINKS'] === '1';
  return keepsLinks ? ['--preserve-symlinks', '--preserve-symlinks-main'] : [];
}

/** What a worker is told. */
export const workerFlags = (flags: readonly string[]): string[] => [...flags, ...linkFlags()];

/** Whether something is to be imported before the program is. */
export const isPreloaded = (flags: readonly string[]): boolean =>
  [...flags, ...environmentFlags()].some((flag) => /^--(import|loader|experimental-loader)(=|$)/.test(flag));
