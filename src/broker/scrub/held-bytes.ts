/** The bytes of a stream that are still needed. Small chunks cost no copy of all that is held. */
export interface HeldBytes {
  append(chunk: Uint8Array): void;
  /** Forgets what stands before this place of the stream. */
  drop(upTo: number): void;
  /** What is held; valid until the next `append`. */
  bytes(): Buffer;
  /** The place in the stream at which it begins. */
  offset(): number;
}

export function holdBytes(): HeldBytes {
  let space = Buffer.alloc(0);
  let from = 0;
  let to = 0;
  let offset = 0;
  return {
    append(chunk) {
      const length = to - from;
      if (to + chunk.length > space.length) {
        // Twice the room, so that as much as is moved now comes before the next move.
        const needed = 2 * (length + chunk.length);
        const room = needed > space.length ? Buffer.allocUnsafe(needed) : space;
        space.copy(room, 0, from, to);
        [space, from, to] = [room, 0, length];
      }
      space.set(chunk, to);
      to += chunk.length;
    },
    drop(upTo) {
      const count = Math.min(Math.max(0, upTo - offset), to - from);
      from += count;
      offset += count;
    },
    bytes: () => space.subarray(from, to),
    offset: () => offset,
  };
}
