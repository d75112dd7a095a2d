/** Stands in a view where what is before it and what is after it do not belong together. In no needle. */
export const BREAK = 0;
const FIRST_ROOM = 64;

/** Bytes that were read out of a stream, each with the place in the stream of what it was read from. */
export interface View {
  /** What is left of it; valid until something is added. */
  bytes(): Buffer;
  readonly length: number;
  add(byte: number, start: number, end: number): void;
  startOf(at: number): number;
  endOf(at: number): number;
  /** How many bytes there are up to the last one that is from before this place of the stream. */
  before(place: number): number;
  /** Forgets the first so many. */
  drop(count: number): void;
}

/** Reads a view out of a stream. What it adds depends on the bytes alone, never on how they came in chunks. */
export interface ViewReader {
  /**
   * Adds to the view what these bytes say beyond those of the last call.
   * @param bytes of the stream, from `offset` on: all from the place that the last call returned
   * @param ended whether nothing follows
   * @returns the place from which on bytes are needed for what will be added
   */
  read(bytes: Uint8Array, offset: number, ended: boolean, view: View): number;
  /** Whether what is added next may belong to what was added last. */
  goesOn(): boolean;
}

export function createView(): View {
  /** Buffers everywhere: code that sees two kinds of arrays is slower. */
  let room = Buffer.alloc(0);
  let starts = new Float64Array(0);
  let ends = new Float64Array(0);
  let from = 0;
  let to = 0;

  function makeRoom(): void {
    const length = to - from;
    // Twice the room, so that as much as is moved now comes before the next move.
    const size = Math.max(FIRST_ROOM, 2 * length);
    const [oldRoom, oldStarts, oldEnds] = [room, starts, ends];
    if (size > room.length) {
      room = Buffer.alloc(size);
      starts = new Float64Array(size);
      ends = new Float64Array(size);
    }
    room.set(oldRoom.subarray(from, to));
    starts.set(oldStarts.subarray(from, to));
    ends.set(oldEnds.subarray(from, to));
    [from, to] = [0, length];
  }

  return {
    bytes: () => room.subarray(from, to),
    get length() {
      return to - from;
    },
    add(byte, start, end) {
      if (to === room.length) makeRoom();
      room[to] = byte;
      starts[to] = start;
      ends[to] = end;
      to += 1;
    },
    startOf: (at) => starts[from + at] ?? 0,
    endOf: (at) => ends[from + at] ?? 0,
    before(place) {
      let behind = to;
      while (behind > from && (starts[behind - 1] ?? 0) >= place) behind -= 1;
      return behind - from;
    },
    drop(count) {
      from += count;
    },
  };
}
