import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AuditLog,
  type AuditLogOptions,
  type AuditSettings,
  openAuditLog,
} from '../../../../src/monitor/audit/log.ts';
import { openSeals, type SealsOptions } from '../../../../src/monitor/audit/seals/open-seals.ts';
import type { SealLimits } from '../../../../src/monitor/audit/seals/sealer.ts';
import { HEAD_NOTE_FILE } from '../../../../src/shared/audit/head-note.ts';
import { readLink } from '../../../../src/shared/audit/record.ts';
import { KEY_BLOCK_FILE } from '../../../../src/shared/audit/seals/key-block.ts';
import { matchSeals } from '../../../../src/shared/audit/seals/match-seals.ts';
import { openSealReader } from '../../../../src/shared/audit/seals/read-seals.ts';
import { parseSeal, type Seal } from '../../../../src/shared/audit/seals/seal.ts';
import { sealsPath } from '../../../../src/shared/audit/segments.ts';
import { startAppendingThread } from '../../../support/appending-thread.ts';
import { auditSettings, makeFolder } from '../made-log.ts';

export const THIS_MACHINE = '1'.repeat(32);
export const ANOTHER_MACHINE = '2'.repeat(32);

/** What the log is opened with; default: a thread that appends to it. */
export type SealedOptions = SealsOptions & Pick<AuditLogOptions, 'appender'>;

/** A sealed log whose folder and whose state are two, since who can write the one need not read the other. */
export interface SealedPlaces {
  readonly folder: string;
  readonly state: string;
  readonly path: string;
  readonly seals: string;
  readonly head: string;
  readonly keys: string;
  open(more?: Partial<SealedOptions>): Promise<AuditLog>;
  lines(): string[];
  sealLines(): string[];
  readSeals(): readonly Seal[];
}

/**
 * @param limits default: none is reached, so that a log is sealed behind its first record and when it is closed
 * @param more other settings of the log
 */
export function makeSealedPlaces(
  limits: SealLimits = { records: 1_000_000, seconds: 86_400 },
  more: Partial<AuditSettings> = {},
): SealedPlaces {
  const base = makeFolder();
  const [folder, state] = [join(base, 'log'), join(base, 'state')];
  mkdirSync(folder);
  mkdirSync(state, { mode: 0o700 });
  chmodSync(folder, 0o750);
  const path = join(folder, 'audit.jsonl');
  const seals = sealsPath(path);
  return {
    ...{ folder, state, path, seals },
    head: join(state, HEAD_NOTE_FILE),
    keys: join(state, KEY_BLOCK_FILE),
    async open({ appender, ...options } = {}) {
      const machine = THIS_MACHINE;
      const opened = await openSeals({ path, stateFolder: state, machine, ...options });
      const settings = auditSettings({ ...more, seal: limits });
      // A log that fails is not to come back by itself: a test says when the next process begins.
      return openAuditLog({
        path,
        stateFolder: state,
        seals: opened,
        appender: appender ?? startAppendingThread(path),
        settings: () => settings,
        retryMs: 2 ** 30,
      });
    },
    lines: () => linesOf(path),
    sealLines: () => linesOf(seals),
    readSeals: () => linesOf(seals).flatMap((line) => parseSeal(Buffer.from(line)) ?? []),
  };
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** Runs a daemon's worth of `count` records, as a daemon begins and ends. */
export async function runDaemon(
  places: SealedPlaces,
  count: number,
  more: Partial<SealedOptions> = {},
): Promise<void> {
  const log = await places.open(more);
  try {
    await log.append('daemon-start', {}, {}, true);
    for (let number = 1; number <= count; number += 1) {
      await log.append('session', { session: number, uid: 1000 }, { reason: `r${number}` }, number % 2 === 0);
    }
    await log.append('daemon-stop', {}, {}, true);
  } finally {
    await log.close();
  }
}

/** What is wrong between a log of one segment and its seals, beside what the chain itself shows; null: nothing. */
export function sealProblem(places: SealedPlaces): string | null {
  const seals = openSealReader(places.seals, []);
  if (seals === null) return 'there are no seals';
  try {
    const match = matchSeals(seals);
    const lines = places.lines();
    for (const line of lines) {
      const link = readLink(Buffer.from(line));
      if (link !== null)
        match.see(link, { offset: 0, bytes: Buffer.from(line), terminated: true }, 'audit.jsonl', 0);
    }
    match.end(readLink(Buffer.from(lines.at(-1) ?? ''))?.seq ?? 0, Number.POSITIVE_INFINITY);
    return match.problem?.detail ?? (seals.rest().length === 0 ? null : 'half a seal stands at the end');
  } finally {
    seals.close();
  }
}
