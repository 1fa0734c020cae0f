// The errors of the cluster. Each has its class's name, and is an instance of its class in every thread.

import { defineErrorClass } from '../heap/error.js';

/** A package that the task needs is missing at the worker, or has another version. Nothing of the task was run. */
export class PackageMismatch extends Error {
  static {
    PackageMismatch.prototype.name = 'PackageMismatch';
  }
}

/** A message does not carry the cluster's signature, is another than it should be, or has expired. Nothing of it was read, let alone run. */
export class Unsigned extends Error {
  static {
    Unsigned.prototype.name = 'Unsigned';
  }
}

/** A write with the token of a lock that somebody else has got since. Nothing was written. */
export class StaleToken extends Error {
  static {
    StaleToken.prototype.name = 'StaleToken';
  }
}

/** A variable has another version than the one that the write was for. Nothing was written. */
export class VersionConflict extends Error {
  static {
    VersionConflict.prototype.name = 'VersionConflict';
  }
}

/** In this thread, errors that are shared have these classes too. */
export function defineClusterErrors(): void {
  for (const Class of [PackageMismatch, Unsigned, StaleToken, VersionConflict]) defineErrorClass(Class);
}
