// Which files, and which imports, belong to installed packages, and which to this library: their modules are imported where they are needed.
// The program's own modules are never evaluated again.
import { asUrl, programUrl, requireFrom } from '../../platform/modules.js';
import { isOwnName } from '../../platform/own.js';
import { type Export, importOf, ownModule } from '../exports.js';
import type { Payloads } from '../graph.js';
import type { ImportedName } from './declarations.js';

export const isOwnFile = (file: string): boolean => isOwnName(asUrl(file));

const PACKAGE = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+[\\/])/;

/** The package that the program itself is, when it was installed as one: its modules are not to be evaluated again. */
function programPackage(): string | undefined {
  program ??= { folder: PACKAGE.exec(programUrl())?.[1] };
  return program.folder;
}
let program: { readonly folder: string | undefined } | undefined;

export function isPackageFile(file: string): boolean {
  if (isOwnFile(file)) return true;
  const found = PACKAGE.exec(asUrl(file))?.[1];
  return found !== undefined && found !== programPackage();
}

/** The export that an import of a module names, if it is a package's. */
export function exportNamed(file: string, { specifier, name }: ImportedName): Export | undefined {
  return isPackageSpecifier(file, specifier) ? importOf(file, specifier, name) : undefined;
}

/** Whether an import is one of this library's own exports. */
export function isOwnExport({ base, specifier }: Payloads['import']): boolean {
  if (ownModule(specifier) !== undefined) return true;
  try {
    const isPath = /^(?:\.{0,2}\/|[a-z][a-z+.-]*:)/i.test(specifier);
    return isOwnFile(isPath ? new URL(specifier, asUrl(base)).href : requireFrom(base).resolve(specifier));
  } catch {
    return false;
  }
}

function isPackageSpecifier(file: string, specifier: string): boolean {
  // This library's, wherever it lies: it may be linked, or part of a bundle.
  if (ownModule(specifier) !== undefined || isPackageFile(file)) return true;
  if (/^(?:\.{0,2}\/|[a-z][a-z+.-]*:)/i.test(specifier)) {
    return isPackageFile(specifier.startsWith('.') ? new URL(specifier, asUrl(file)).href : specifier);
  }
  try {
    return isPackageFile(requireFrom(file).resolve(specifier));
  } catch (error) {
    // It exists, but only for import.
    return (error as { code?: string }).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' && !specifier.startsWith('#');
  }
}
