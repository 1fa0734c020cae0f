// Which errors say nothing but that the engine is away.

/** The connection is away, or the server does not answer yet. */
export function isAway(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  return (
    /^(?:08|57P0|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/.test(code) ||
    /Connection terminated|Connection is closed|connection timeout|connection error|LOADING|READONLY|Command aborted/i.test(
      message,
    )
  );
}
