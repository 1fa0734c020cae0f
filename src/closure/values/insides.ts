// The insides of packages. An object that a package has made belongs to the package, and a copy of it is seldom right. A walk into one ends
// early. The error names the program's variable and the package, not the parts inside.
import type { Inspected } from '../../platform/inspector.js';
import { asUrl } from '../../platform/modules.js';
import { type Made, madeOf } from '../again.js';
import type { Export } from '../exports.js';
import { isOwnExport, isPackageFile } from '../text/installed.js';
import { kindOf } from './functions.js';
import { ownerOf } from './instances.js';
import { exportOf } from './packages.js';
import type { Path, Reason } from './paths.js';
import { symbolNode } from './symbols.js';

const NAME = /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;

/** The package that a file belongs to. */
export const packageNameOf = (file: string): string | undefined => NAME.exec(asUrl(file))?.[1]?.replace('\\', '/');

/** Nothing of these works in a thread: they speak with the process that runs the tests. */
const RUNNERS = /^(?:vitest|@vitest\/.+|jest|jest-.+|@jest\/.+|expect)$/;
/** These work in a thread that imports them, but what they have made there stays there. */
const TOOLS = /^(?:chai|chai-.+|sinon|sinon-.+|@sinonjs\/.+|@testing-library\/.+|tinyspy|nock|nise)$/;

/** Why what belongs to a test package stays behind. `isExport`: a thread can import it. */
export function testPackageReason(file: string, isExport: boolean): Reason | undefined {
  const name = packageNameOf(file);
  if (name === undefined || !(RUNNERS.test(name) || (!isExport && TOOLS.test(name)))) return undefined;
  return {
    why: `it belongs to the test package '${name}', which works only where the tests run`,
    remedy: 'Return values from the thread, and check them in the test',
  };
}

/** How many functions inside of packages one capture takes along. Beyond that nobody means to copy them. */
export const MOST_INSIDES = 2000;

/** The package that has the class of an instance. */
export function makerOf(value: object, inspections: Map<object, Inspected>): string | undefined {
  for (let prototype = Object.getPrototypeOf(value); prototype; prototype = Object.getPrototypeOf(prototype)) {
    const found = exportOf(prototype);
    if (found) return packageOfExport(found);
    const owner = ownerOf(prototype);
    if (!owner) continue;
    const kind = kindOf(owner, inspections);
    if (kind.kind === 'export') return packageOfExport(kind.found);
    if (kind.kind !== 'source') return undefined;
    const name = isPackageFile(kind.record.file) ? packageNameOf(kind.record.file) : undefined;
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Whether the class of an instance is the program's: its state is the program's business, and a new one would not have it. */
export function isProgramsOwn(value: object, inspections: Map<object, Inspected>): boolean {
  const owner = ownerOf(Object.getPrototypeOf(value) ?? {});
  return owner !== undefined && kindOf(owner, inspections).kind === 'source';
}

function packageOfExport(found: Export): string | undefined {
  if (found.tag === 'require') return packageNameOf(found.payload.file);
  if (isOwnExport(found.payload)) return undefined;
  const { specifier } = found.payload;
  return packageNameOf(specifier) ?? /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0];
}

const WAYS =
  "make it a const at the top of a module, so that each thread makes its own, or use new ThreadLocal(() => …), or make it in the thread's function";

/** What to say of a value that a package has made, at whose `path` there is something that stays behind. */
export function insideReason(path: Path, { why, remedy }: Reason): Reason {
  const name = path.inside;
  if (name === undefined) return { why, remedy };
  const outer = outermost(path);
  const reason = outer?.capture?.again?.();
  const failure = typeof reason === 'string' ? ` (no thread can make it again by itself: ${reason})` : '';
  const what = outer ? `'${String(outer.step)}'` : 'its owner';
  return {
    why: `${why}; it is inside of ${what}, which the package '${name}' has made${failure}`,
    remedy: `Do not capture or pass ${what}: ${WAYS}`,
  };
}

export const tooMuchInside = (name: string): Reason => ({
  why: `the package '${name}' has made it, and it is tied to more than ${MOST_INSIDES} functions inside of packages`,
  remedy: `Do not capture or pass it: ${WAYS}`,
});

/** State that an instance of a package's class has under symbols that no other thread can have. */
export function secretsOf(value: object, maker: string): Reason | undefined {
  const hasSecrets = Object.getOwnPropertySymbols(value).some((key) => symbolNode(key) === undefined);
  return hasSecrets ? privateSymbols(maker) : undefined;
}

const privateSymbols = (name: string): Reason => ({
  why: `the package '${name}' has made it, and keeps state of it under symbols of its own`,
  remedy: `Do not capture or pass it: ${WAYS}`,
});

/** The program's own variable through which a path has come into a package. */
export function outermost(path: Path): Path | undefined {
  let found: Path | undefined;
  for (let at: Path | undefined = path; at; at = at.up ?? at.capture?.through) {
    // Only of modules the members are variables themselves.
    if (!at.capture?.value || (at.up && typeof at.capture.again?.() === 'string')) continue;
    if (at.inside === undefined) return at;
    found = at;
  }
  return found;
}

/** Whether a package has a part in a recipe. */
export function comesFromPackage({ recipe }: Made, seen = new Set<object>()): boolean {
  if (seen.has(recipe)) return false;
  seen.add(recipe);
  return recipe.parts.some(({ env }) =>
    env.some((each) => {
      if (each?.kind === 'node') {
        const { node } = each;
        return (
          node[0] === 'require' || node[0] === 'requireFunction' || (node[0] === 'import' && !isOwnExport(node[1]))
        );
      }
      if (each?.kind === 'made') return comesFromPackage(each.made, seen);
      const value = each?.read(new Map());
      if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
      const found = exportOf(value);
      return (
        madeOf(value) !== undefined || (found !== undefined && !(found.tag === 'import' && isOwnExport(found.payload)))
      );
    }),
  );
}

/** Whether a path leads through the class of an instance: then what is met is how the instance works, and no state of it. */
export function isOfClass(path: Path): boolean {
  for (let at: Path | undefined = path; at; at = at.up ?? at.capture?.through) {
    if (at.step === 'constructor' && at.up?.step === '__proto__') return true;
  }
  return false;
}
