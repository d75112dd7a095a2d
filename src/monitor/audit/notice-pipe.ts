import type { Descriptor } from '../../posix/descriptor.ts';

/** The pipe on which a broker is told by the appending thread that its records stand. */
export interface NoticePipe {
  /** Its number, which is its own until it is given back; null: it is closed. */
  take(): number | null;
  giveBack(): void;
  /** From here on nobody takes it. While the thread has it, it stays open: the number would be another file's. */
  close(): void;
}

/** A record's serial, and who waits for it. */
export interface Notice {
  readonly pipe: NoticePipe;
  readonly serial: number;
}

/** @param end to write to, which never waits (O_NONBLOCK) */
export function holdNoticePipe(end: Descriptor): NoticePipe {
  let taken = 0;
  let isClosed = false;

  function closeUnused(): void {
    if (isClosed && taken === 0) end.close();
  }

  return {
    take() {
      if (isClosed) return null;
      taken += 1;
      return end.number;
    },
    giveBack() {
      taken -= 1;
      closeUnused();
    },
    close() {
      isClosed = true;
      closeUnused();
    },
  };
}
