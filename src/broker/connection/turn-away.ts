import { Socket } from 'node:net';
import { recordInvalid } from '../audit/invalid.ts';
import { refuse } from '../call.ts';
import { newRequestIdentifier } from '../request-identifier.ts';
import { respondToInvalid } from '../respond/respond.ts';
import type { Services } from '../services.ts';
import { endAfterLastWord } from './last-word.ts';

interface TurnedAway {
  readonly session: number;
  readonly descriptor: number;
  readonly mayLinger: boolean;
}

/**
 * Tells a connection beyond its identity's limit why, and ends it.
 * @param mayLinger whether it may stay until its caller has read that; else it is closed at once
 */
export function turnAway(
  { session, descriptor, mayLinger }: TurnedAway,
  services: Services,
  closed: () => void,
): void {
  const socket = new Socket({ fd: descriptor, readable: true, writable: true, allowHalfOpen: true });
  const requestId = newRequestIdentifier();
  socket.on('error', () => socket.destroy());
  socket.on('close', closed);
  const reply = respondToInvalid(null, requestId, refuse('refused', 'too-many-connections'));
  void recordInvalid(session, requestId, 'too-many-connections', services).then(() => {
    socket.write(`${JSON.stringify(reply)}\n`);
    if (mayLinger) endAfterLastWord(socket);
    else socket.end(() => socket.destroy());
  });
}
