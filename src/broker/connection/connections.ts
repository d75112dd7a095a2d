import { closeSync } from 'node:fs';
import type { MonitorControl } from '../../boundary/messages.ts';
import { limitsFor } from '../admit/limits-for.ts';
import type { Generation } from '../configuration/generation.ts';
import type { Services } from '../services.ts';
import { type Connection, serveConnection } from './connection.ts';
import { turnAway } from './turn-away.ts';

type SessionMessage = Extract<MonitorControl, { type: 'session' }>;

/**
 * How many connections that are turned away may stay until their callers have read why. They count for no identity, so that
 * without a bound one of these could fill the places of all with them (T3).
 */
export const MOST_LINGERING = 64;

/** All connections that the monitor has passed. */
export interface Connections {
  open(message: SessionMessage, descriptor: number): void;
  close(session: number): void;
  /** Settles when every call that is in flight now has its reply in the kernel's hands, or its caller is gone. */
  whenReplied(): Promise<unknown>;
  readonly count: number;
}

export function createConnections(current: () => Generation | undefined, services: Services): Connections {
  const connections = new Map<number, Connection>();
  const perIdentity = new Map<number, number>();
  let turnedAway = 0;

  function count(uid: number, change: number): void {
    const now = (perIdentity.get(uid) ?? 0) + change;
    if (now === 0) perIdentity.delete(uid);
    else perIdentity.set(uid, now);
  }

  return {
    open({ type, session, ...caller }, descriptor) {
      const generation = current();
      if (generation === undefined) {
        closeSync(descriptor);
        return services.monitor.send({ type: 'close-session', session });
      }
      const limits = limitsFor(generation.settings, generation.rolesOf(caller), null);
      const closed = (): void => services.monitor.send({ type: 'close-session', session });
      if ((perIdentity.get(caller.uid) ?? 0) >= limits.connections_per_identity) {
        turnedAway += 1;
        return turnAway({ session, descriptor, mayLinger: turnedAway <= MOST_LINGERING }, services, () => {
          turnedAway -= 1;
          closed();
        });
      }
      count(caller.uid, 1);
      const given = { number: session, caller, descriptor };
      const connection = serveConnection(
        given,
        () => current() ?? generation,
        services,
        () => {
          connections.delete(session);
          count(caller.uid, -1);
          closed();
        },
      );
      connections.set(session, connection);
    },
    close(session) {
      connections.get(session)?.close();
    },
    whenReplied: () => Promise.all([...connections.values()].map((connection) => connection.whenReplied())),
    get count() {
      return connections.size;
    },
  };
}
