/** Facts of a `repeated-denials` record, and how many there were by then. */
export type RepeatedDenials = {
  /** null: of all users that came when the table was full. */
  readonly uid: number | null;
  /** The session of the last one. */
  readonly session: number;
  /** When the first and the last of them came, ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly total: number;
};

export interface DenialsOptions {
  /** Denials within a window that make a record, from 2. */
  threshold(): number;
  /** A user's window begins with the first denial after the one before it has ended, in milliseconds. */
  windowMs(): number;
  /** Users told apart. */
  readonly maximumIdentities: number;
  /** Called once in a window. */
  write(denials: RepeatedDenials): void;
}

interface Window {
  readonly uid: number | null;
  readonly since: number;
  count: number;
  isTold: boolean;
}

/**
 * Counts denials for each user, and tells of one who is denied again and again: somebody who tries doors. Bounded by its
 * table; when that is full, windows that have ended are forgotten, and whoever has no place then shares one count.
 * @param now milliseconds on a clock that only goes forward
 */
export function createDenials(
  options: DenialsOptions,
  now: () => number = () => performance.now(),
): (uid: number, session: number) => void {
  const windows = new Map<number | null, Window>();

  function windowOf(uid: number): Window {
    const at = now();
    const isOver = ({ since }: Window): boolean => at - since >= options.windowMs();
    const known = windows.get(uid);
    if (known !== undefined && !isOver(known)) return known;
    if (known === undefined && windows.size >= options.maximumIdentities)
      for (const [key, window] of windows) if (isOver(window)) windows.delete(key);
    const named = known !== undefined || windows.size < options.maximumIdentities ? uid : null;
    const shared = windows.get(named);
    if (named === null && shared !== undefined && !isOver(shared)) return shared;
    const window = { uid: named, since: at, count: 0, isTold: false };
    windows.set(named, window);
    return window;
  }

  return (uid, session) => {
    const window = windowOf(uid);
    window.count += 1;
    if (window.isTold || window.count < options.threshold()) return;
    window.isTold = true;
    const to = Date.now();
    const from = to - (now() - window.since);
    options.write({
      ...{ uid: window.uid, session, total: window.count },
      ...{ from: new Date(from).toISOString(), to: new Date(to).toISOString() },
    });
  };
}
