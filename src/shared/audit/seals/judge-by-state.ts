import { setTimeout as wait } from 'node:timers/promises';
import { NO_HASH } from '../record.ts';
import { publicKeyOf } from './ed25519.ts';
import { forgetSecrets, type KeyBlock, openKeyBlock, pendingLine, readKeyBlock } from './key-block.ts';
import type { SealReader } from './read-seals.ts';
import { parseSeal } from './seal.ts';

/** Seals that are not the ones which the monitor's state knows. */
export interface StateProblem {
  readonly what: 'truncated' | 'appended' | 'resealed';
  readonly detail: string;
}

const HALF_READ: StateProblem = {
  what: 'appended',
  detail: 'the keys in the state folder were being written',
};

/**
 * Holds a chain of seals, read to its end, against the keys in the monitor's state: it must end with the seal that they
 * know as the last one, and the open epoch's secret must be that of the key which this seal named. So seals, log and
 * state cannot all be put back to an earlier epoch: that epoch's secret is not there any more.
 *
 * @param rereads how often both are read again, `waitMs` apart, while a daemon goes on to seal
 * @returns null where they agree
 * @throws Error where the keys cannot be read
 */
export async function judgeByState(
  path: string,
  seals: SealReader,
  rereads: number,
  waitMs: number,
): Promise<StateProblem | null> {
  const file = await openKeyBlock(path);
  try {
    for (let reread = 0; ; reread += 1) {
      const isLast = reread >= rereads;
      const problem = await compare(file, seals).catch((error: unknown) => {
        // A block that is being written over may be read half.
        if (isLast) throw error;
        return HALF_READ;
      });
      if (problem === null || isLast) return problem;
      await wait(waitMs);
    }
  } finally {
    await file.close();
  }
}

async function compare(
  file: Awaited<ReturnType<typeof openKeyBlock>>,
  seals: SealReader,
): Promise<StateProblem | null> {
  const keys = await readKeyBlock(file);
  try {
    // What was sealed before the keys were read is there to be read now.
    while (seals.next() !== null);
    return judge(keys, seals);
  } finally {
    forgetSecrets(keys);
  }
}

function judge(keys: KeyBlock, seals: SealReader): StateProblem | null {
  const { last } = seals;
  const epoch = last?.epoch ?? 0;
  const line = pendingLine(keys);
  if (epoch < keys.epoch - 1) {
    const detail = `the seals end with epoch ${epoch}, and the state folder knows ${keys.epoch - 1}`;
    return { what: 'truncated', detail };
  }
  if (epoch === keys.epoch - 1) {
    const isKnown =
      (last?.lineHash ?? NO_HASH) === keys.prev &&
      seals.bytes === keys.bytes &&
      (last === null || last.next.equals(publicKeyOf(keys.secret)));
    if (!isKnown) {
      const detail = `the seal of epoch ${epoch} is not the one that the state folder knows`;
      return { what: 'resealed', detail };
    }
    const rest = seals.rest();
    // A seal that is being written, or was when a daemon ended: its next start completes exactly this one.
    if (rest.length === 0 || line?.subarray(0, rest.length).equals(rest)) return null;
  } else if (line !== null && parseSeal(line.subarray(0, -1))?.lineHash === last?.lineHash) return null;
  const detail = `the state folder does not know what stands behind the seal of epoch ${keys.epoch - 1}`;
  return { what: 'appended', detail };
}
