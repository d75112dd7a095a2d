// A program that writes and seals records until it is killed, and prints a line for each.
import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { openAuditLog } from '../../../../src/monitor/audit/log.ts';
import { openSeals } from '../../../../src/monitor/audit/seals/open-seals.ts';
import { asUnavailable } from '../../../../src/monitor/audit/unavailable.ts';
import { parseSettings } from '../../../../src/shared/configuration/settings.ts';
import { startAppendingThread } from '../../../support/appending-thread.ts';

const RETRY_MS = 50;
const [path = '', stateFolder = '', machine = ''] = process.argv.slice(2);
const settings = 'version: 1\naudit: { seal: { records: 5 }, rotate_bytes: 16384, reserve_bytes: 16384 }\n';
const { audit } = parseSettings('driverd.yaml', Buffer.from(settings));
const seals = await openSeals({ path, stateFolder, machine });
const log = await openAuditLog({
  ...{ path, stateFolder, settings: () => audit, seals, appender: startAppendingThread(path) },
});
await log.append('daemon-start', {}, {}, true);
for (let writer = 0; writer < 8; writer += 1) void writeOn(writer);

async function writeOn(writer: number): Promise<void> {
  for (;;) {
    try {
      await log.append('call-end', { writer }, {}, writer % 2 === 0);
      writeSync(1, '.\n');
    } catch (error) {
      // A busy host's disk may not answer for longer than the log waits, which goes on by itself.
      asUnavailable(error);
      await wait(RETRY_MS);
    }
  }
}
