/** Those who wait, by identity; identities take turns, so that one with many waiting does not hold up another's first. */
export interface Turns<Waiter> {
  add(uid: number, waiter: Waiter): void;
  /** Takes out who is next of those that fit; undefined where none does. */
  next(fits: (waiter: Waiter) => boolean): Waiter | undefined;
  remove(uid: number, waiter: Waiter): void;
  /** How many of an identity wait. */
  waiting(uid: number): number;
  readonly size: number;
}

/** Round robin over identities, in order of arrival within one (J. Nagle, RFC 970, section 8). */
export function createTurns<Waiter>(): Turns<Waiter> {
  // In the order of turns: whoever had one goes to the end.
  const queues = new Map<number, Waiter[]>();
  let size = 0;

  function takeOut(uid: number, queue: Waiter[], index: number): Waiter | undefined {
    const [waiter] = queue.splice(index, 1);
    size -= 1;
    queues.delete(uid);
    if (queue.length > 0) queues.set(uid, queue);
    return waiter;
  }

  return {
    add(uid, waiter) {
      const queue = queues.get(uid);
      if (queue === undefined) queues.set(uid, [waiter]);
      else queue.push(waiter);
      size += 1;
    },
    next(fits) {
      for (const [uid, queue] of queues) {
        const index = queue.findIndex(fits);
        if (index >= 0) return takeOut(uid, queue, index);
      }
      return undefined;
    },
    remove(uid, waiter) {
      const queue = queues.get(uid) ?? [];
      const index = queue.indexOf(waiter);
      if (index < 0) return;
      queue.splice(index, 1);
      size -= 1;
      if (queue.length === 0) queues.delete(uid);
    },
    waiting: (uid) => queues.get(uid)?.length ?? 0,
    get size() {
      return size;
    },
  };
}
