import { createHash, type Hash } from 'node:crypto';
import type { LogLine } from './lines.ts';
import { hasRecordForm } from './record.ts';

/** Most bytes between two records that one recovery record may declare as torn. */
export const TORN_BYTES_MAXIMUM = 1_048_576;

/** How a recovery record declares the torn bytes before it. */
export interface Fragment {
  readonly offset: number;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The bytes from the first line that is no record to the present line. Usually one line cut short; more where writing
 * the recovery record itself was cut short, since nothing is ever taken away.
 */
export interface TornRegion {
  readonly offset: number;
  readonly bytes: number;
  /** Whether a line in it has the form of a whole record: then it was changed, since a cut takes the end off. */
  readonly holdsWholeForm: boolean;
  readonly overLimit: boolean;
  /** Whether a newline closes it, so that a record may follow. */
  readonly closed: boolean;
  add(line: LogLine): void;
  /** Whether `fragment` declares exactly these bytes; the newline that closed them is not counted. */
  isDeclaredBy(fragment: Fragment): boolean;
  fragment(): Fragment;
}

/** Begins a region with its first line. Keeps a hash of the bytes, not the bytes. */
export function beginTornRegion(first: LogLine): TornRegion {
  const digest: Hash = createHash('sha256');
  let bytes = 0;
  let holdsWholeForm = false;
  let lastWasTerminated = false;

  function add(line: LogLine): void {
    if (lastWasTerminated) digest.update('\n');
    bytes += line.bytes.length + (lastWasTerminated ? 1 : 0);
    digest.update(line.bytes);
    holdsWholeForm ||= hasRecordForm(line.bytes);
    lastWasTerminated = line.terminated;
  }
  function fragment(): Fragment {
    return { offset: first.offset, bytes, sha256: digest.copy().digest('hex') };
  }
  add(first);
  return {
    offset: first.offset,
    get bytes() {
      return bytes;
    },
    get holdsWholeForm() {
      return holdsWholeForm;
    },
    get overLimit() {
      return bytes > TORN_BYTES_MAXIMUM;
    },
    get closed() {
      return lastWasTerminated;
    },
    add,
    isDeclaredBy(declared) {
      const own = fragment();
      return declared.offset === own.offset && declared.bytes === own.bytes && declared.sha256 === own.sha256;
    },
    fragment,
  };
}
