// node fill-log.ts FOLDER RECORDS: fills the log of a daemon's folder before its first start, by the log's own writer:
// chained, sealed, rotated. A process of its own, so that the one that measures stays small.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openAuditLog } from '../../src/monitor/audit/log.ts';
import { parseSettings } from '../../src/shared/configuration/settings.ts';
import { startAppendingThread } from '../../test/support/appending-thread.ts';

const AT_ONCE = 500;

process.umask(0o077);
const [folder = '', records = ''] = process.argv.slice(2);
const { audit } = parseSettings('driverd.yaml', Buffer.from('version: 1\n'));
const stateFolder = join(folder, 'state');
mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
const path = join(folder, 'audit/audit.jsonl');
const log = await openAuditLog({
  ...{ path, stateFolder, settings: () => audit, appender: startAppendingThread(path) },
});
for (let written = 0; written < Number(records); written += AT_ONCE) {
  await Promise.all(
    Array.from({ length: AT_ONCE }, (_, at) =>
      log.append('session-end', { session: written + at, uid: 1_000 }, { reason: 'peer-closed' }, false),
    ),
  );
}
await log.close();
