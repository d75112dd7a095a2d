import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/** The unit in which a disk is read and written, in bytes. */
export const SECTOR = 512;
/**
 * What it has on its platter whole or not at all, as disks have now. ext4 takes that for granted: it refuses a file system
 * whose journal has half a commit block (fs/jbd2/recovery.c, "journal transaction … is corrupt").
 */
export const BLOCK = 4096;

/**
 * A disk with a cache of its own, as disks have: whoever reads sees what was written at once, and only a flush has it
 * on the platter, which is a file of this host.
 */
export interface VolatileDisk {
  /** In bytes. */
  readonly size: number;
  /** From here on nothing is read or written. */
  readonly isOff: boolean;
  /** @throws RangeError where the place is not whole sectors of the disk; so do `write` and `zero` */
  read(offset: number, length: number): Buffer;
  write(offset: number, bytes: Buffer): void;
  /** Has on the platter what was written so far. */
  flush(): void;
  /**
   * Ends it as a power cut does: until then the disk may have put any blocks of its cache on the platter, in any order.
   *
   * @param share of what was not flushed that is on the platter by chance, from 0 to 1
   */
  cut(share: number): Fate;
}

/** What became of the blocks that were written and not flushed. */
export interface Fate {
  readonly kept: number;
  readonly lost: number;
}

interface Part {
  readonly block: number;
  readonly within: number;
  readonly at: number;
}

/** @param path of the platter, a file of whole blocks */
export function openVolatileDisk(path: string): VolatileDisk {
  const platter = openSync(path, 'r+');
  const { size } = fstatSync(platter);
  const cache = new Map<number, Buffer>();
  let isOff = false;

  function requireSectors(offset: number, length: number): void {
    const isWhole = offset % SECTOR === 0 && length % SECTOR === 0;
    if (isOff || !isWhole || offset < 0 || length <= 0 || offset + length > size)
      throw new RangeError(`Cannot use ${length} bytes at ${offset} of the disk`);
  }

  function keep([block, bytes]: readonly [number, Buffer]): void {
    writeSync(platter, bytes, 0, BLOCK, block * BLOCK);
  }

  function blockAt(block: number): Buffer {
    const cached = cache.get(block);
    if (cached !== undefined) return cached;
    const bytes = Buffer.alloc(BLOCK);
    readSync(platter, bytes, 0, BLOCK, block * BLOCK);
    return bytes;
  }

  /** The blocks in which some bytes of the disk stand: where each part begins in its block, and where among the bytes. */
  function* partsOf(offset: number, length: number): Generator<Part> {
    for (let at = 0; at < length; ) {
      const within = (offset + at) % BLOCK;
      yield { block: Math.floor((offset + at) / BLOCK), within, at };
      at += BLOCK - within;
    }
  }

  return {
    size,
    get isOff() {
      return isOff;
    },
    read(offset, length) {
      requireSectors(offset, length);
      const bytes = Buffer.alloc(length);
      for (const { block, within, at } of partsOf(offset, length)) blockAt(block).copy(bytes, at, within);
      return bytes;
    },
    write(offset, bytes) {
      requireSectors(offset, bytes.length);
      for (const { block, within, at } of partsOf(offset, bytes.length)) {
        const whole = blockAt(block);
        bytes.copy(whole, within, at);
        cache.set(block, whole);
      }
    },
    flush() {
      for (const entry of cache) keep(entry);
      cache.clear();
    },
    cut(share) {
      const kept = [...cache].filter(() => Math.random() < share);
      const lost = cache.size - kept.length;
      for (const entry of kept) keep(entry);
      cache.clear();
      isOff = true;
      closeSync(platter);
      return { kept: kept.length, lost };
    },
  };
}
