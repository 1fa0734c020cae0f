// Values that the program has from packages, the statements by which it completes them, and functions that tools have wrapped around modules.
import { completeAgain } from '../again.js';
import { type Export, rememberedExport } from '../exports.js';
import type { Node } from '../graph.js';
import { type CapturedVariable, completedImport } from '../recipes/make.js';
import type { Code } from '../text/code.js';
import { variableOf } from '../text/declarations.js';
import { isOwnExport, isPackageFile } from '../text/installed.js';
import { siteOf } from '../text/sites.js';
import { kindOf } from '../values/functions.js';
import { makerOf } from '../values/insides.js';
import { exportOf } from '../values/packages.js';
import type { Encoder } from './encoder.js';

/** The program's own functions are no package's export, and this library's are known, so the file need not be parsed to find out. */
export function mayBeImported(encoder: Encoder, value: object): boolean {
  const known = rememberedExport(value);
  if (known?.tag === 'import' && isOwnExport(known.payload)) return false;
  if (typeof value !== 'function') return true;
  const kind = kindOf(value, encoder.inspections);
  if (kind.kind === 'export') return true;
  return kind.kind === 'source' && isPackageFile(kind.record.file);
}

/** How the program's own module has a package's export from another one of its modules. */
export function importedThrough(encoder: Encoder, code: Code, name: string, value: object): Export | undefined {
  if (!isOfPackage(encoder, value)) return undefined;
  const found = variableOf(code, name);
  if (found?.variable?.defs[0]?.type !== 'ImportBinding') return undefined;
  const site = siteOf({ file: code.record.file, parsed: found.file, map: found.map }, found.variable);
  if (site.kind !== 'imported' || site.node[0] !== 'import') return undefined;
  return { tag: 'import', payload: site.node[1] };
}

/** Whether a package has a part in a value, as far as that is quick to say. */
function isOfPackage(encoder: Encoder, value: object): boolean {
  if (typeof value === 'function') return true;
  if (makerOf(value, encoder.inspections) !== undefined) return true;
  return Object.values(Object.getOwnPropertyDescriptors(value)).some(({ value: part }) => {
    if (typeof part !== 'function') return false;
    const kind = kindOf(part as object, encoder.inspections);
    return kind.kind === 'export' || (kind.kind === 'source' && isPackageFile(kind.record.file));
  });
}

/** How a package's export is known by itself, without the module that has imported it. */
export function exportedAs(encoder: Encoder, value: object): Export | undefined {
  if (typeof value !== 'function') return exportOf(value);
  const kind = kindOf(value, encoder.inspections);
  return kind.kind === 'export' ? kind.found : undefined;
}

/** Whether the program completes a package's export (`dayjs.extend(utc)`): then it travels with the statements that do. */
export function complete(encoder: Encoder, variable: CapturedVariable, value: object, node?: Node): boolean {
  const known = node ?? encoder.byName(exportedAs(encoder, value) ?? { tag: 'global', path: [] });
  if (known[0] !== 'import' && known[0] !== 'require') return false;
  const made = completedImport(variable, known);
  if (made) completeAgain(value, made);
  return made !== undefined;
}
