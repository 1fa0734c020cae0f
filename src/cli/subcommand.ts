// What a subcommand of `heddle` is.

export interface Subcommand {
  /** What `heddle help name` prints: the line of its use first, then its options. */
  readonly usage: string;
  /**
   * Does it. `words` are what stood behind its name. The status with which the process ends once its event loop is empty.
   * @throws UsageError for words that it does not know.
   */
  main(words: readonly string[]): number | Promise<number>;
}

/** The words on the command line are wrong: shown without a stack, with where to read on. */
export class UsageError extends Error {
  static {
    UsageError.prototype.name = 'UsageError';
  }
}
