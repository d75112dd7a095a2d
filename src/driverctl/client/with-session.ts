import { wholeNumber } from '../command-line.ts';
import type { Invocation } from '../invocation.ts';
import { connectToDaemon } from './connect.ts';
import type { Notification } from './message.ts';
import { createSession, type Session } from './session.ts';
import { socketPath } from './socket-path.ts';

/** The largest user number that is one: -1 means "unchanged" to the kernel. */
const LARGEST_UID = 4_294_967_294;

const ignore = (): void => undefined;

/**
 * Connects as the command line says, uses the session, closes it. Throws what connecting and `use` throw.
 */
export async function withSession<Result>(
  invocation: Invocation,
  use: (session: Session) => Promise<Result>,
  onNotification: (notification: Notification) => void = ignore,
): Promise<Result> {
  const named = invocation.options['trust-uid'];
  const users = {
    own: invocation.uid,
    named: named === undefined ? null : wholeNumber(named, '--trust-uid', 0, LARGEST_UID),
  };
  const session = createSession(await connectToDaemon(socketPath(invocation), users), onNotification);
  try {
    return await use(session);
  } finally {
    session.close();
  }
}
