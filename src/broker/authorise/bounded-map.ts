/** A map that forgets the entry used longest ago when it is full. */
export interface BoundedMap<Key, Value> {
  /** The value of a key, or undefined; the entry counts as used. */
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  readonly size: number;
}

/**
 * @param capacity entries kept, at least 1
 */
export function createBoundedMap<Key, Value>(capacity: number): BoundedMap<Key, Value> {
  // A Map iterates in the order of insertion (ECMA-262, Map.prototype.set), so its first key is the oldest.
  const entries = new Map<Key, Value>();
  /** Its place is the last one already: to take it out and put it in again costs more than to find it. */
  let newest: Key | undefined;

  function putLast(key: Key, value: Value): void {
    entries.set(key, value);
    newest = key;
  }

  return {
    get(key) {
      const value = entries.get(key);
      if (value === undefined || key === newest) return value;
      entries.delete(key);
      putLast(key, value);
      return value;
    },
    set(key, value) {
      entries.delete(key);
      if (entries.size >= capacity) {
        const oldest = entries.keys().next();
        if (!oldest.done) entries.delete(oldest.value);
      }
      putLast(key, value);
    },
    get size() {
      return entries.size;
    },
  };
}
