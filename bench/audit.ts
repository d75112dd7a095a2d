import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { costOfAuditing } from './audit/cost.ts';
import { recordsPerSecond } from './audit/records.ts';
import { verifiedPerSecond } from './audit/verified.ts';
import type { Row } from './pairs.ts';

/** What the audit log costs a call, how many records it takes in a second, and how many are read when it is verified. */
export async function benchAudit(): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-bench-'));
  try {
    const cost = await costOfAuditing(folder);
    const alone = await recordsPerSecond(join(folder, 'log'), 'log');
    const records = await recordsPerSecond(join(folder, 'calls'), 'calls');
    // The log that was just written is the one that is read.
    return [...cost, ...alone, ...records, await verifiedPerSecond(join(folder, 'calls'))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
