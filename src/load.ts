// Which instance of the library the package's entries export. There is one for the whole thread, also where several files have asked for it:
// a bundle with a copy of the package, the package itself, a module that is loaded again. And there is one for the whole process where tests
// run in contexts of `node:vm`, as Jest's do: such a context has a `process`, an `Object` and a module registry of its own, one for each
// test file. The library is evaluated in the process's own context, and all contexts use that.

import { evaluateLibrary, type Loaded, type Texts } from './platform/joined.js';
import { admitGuest, isInside, mainGlobal, mainRequire } from './platform/outside.js';

type Face = 'index' | 'thread' | 'dummy_thread';

const LIBRARY = Symbol.for('heddle.library');

/**
 * The exports of a face. `texts` are what the library is evaluated from, if it is not there.
 * @throws Error if the thread has another version of the library.
 */
export function faceOf(name: string, version: string, texts: () => Texts): object {
  const loaded = mainGlobal[LIBRARY] as Loaded | undefined;
  if (loaded !== undefined && loaded.version !== version) {
    throw new Error(
      `two copies of heddle are loaded in one program, of the versions ${loaded.version} and ${version}: their threads and locks would not ` +
        'know each other. Let all packages depend on the same version',
    );
  }
  const { faces } = loaded ?? evaluateLibrary(mainRequire(), texts());
  if (isInside) admitGuest();
  return name in faces ? faces[name as Face] : (faces.loadTools() as Record<string, object>)[name]!;
}
