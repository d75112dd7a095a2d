let signal: AbortSignal | undefined;

/** A signal that aborts at SIGTERM, which then no longer ends the process by itself (signal(7)). */
export function cancellation(): AbortSignal {
  if (signal !== undefined) return signal;
  const controller = new AbortController();
  process.once('SIGTERM', () => controller.abort());
  signal = controller.signal;
  return signal;
}
