import type { Invocation } from '../invocation.ts';

const DEFAULT_SOCKET = '/run/driverd/driverd.sock';

/** Where the daemon listens: `--socket`, then `$DRIVERD_SOCKET`, then the packaged place. An empty variable counts as unset. */
export function socketPath(invocation: Pick<Invocation, 'options' | 'environment'>): string {
  return invocation.options.socket ?? (invocation.environment['DRIVERD_SOCKET'] || DEFAULT_SOCKET);
}
