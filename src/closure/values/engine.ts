// What the engine says of a function or an object, where it can be asked.
import { type Inspected, inspect } from '../../platform/inspector.js';
import { runtime } from '../../platform/runtime.js';
import { CaptureError } from '../errors.js';

/** @throws CaptureError where the engine cannot be asked. */
export function inspectByEngine(fn: object): Inspected {
  try {
    return inspect(fn);
  } catch (error) {
    throw withoutInspector(error);
  }
}

function withoutInspector(error: unknown): unknown {
  const { code } = error as { code?: string };
  if (code === 'ERR_ACCESS_DENIED') {
    return new CaptureError(
      "cannot look into the function: Node's permission model forbids the inspector. Run Node 24 or later with " +
        '--allow-inspector --allow-worker beside --permission, or without --permission',
      { cause: error },
    );
  }
  if (code === 'ERR_INSPECTOR_NOT_AVAILABLE' || code === 'ERR_UNKNOWN_BUILTIN_MODULE') {
    return new CaptureError(`cannot look into the function: this build of ${runtime.name} has no inspector`, {
      cause: error,
    });
  }
  return error;
}

/** Undefined where the engine cannot be asked. */
export function inspectIfPossible(subject: object): Inspected | undefined {
  try {
    return inspect(subject);
  } catch (error) {
    if (withoutInspector(error) === error) throw error;
    return undefined;
  }
}
