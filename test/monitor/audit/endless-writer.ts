// A program that writes records until it is killed, and prints the number of each that it was told stands.
import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { openAuditLog } from '../../../src/monitor/audit/log.ts';
import { asUnavailable } from '../../../src/monitor/audit/unavailable.ts';
import { parseSettings } from '../../../src/shared/configuration/settings.ts';
import { startAppendingThread } from '../../support/appending-thread.ts';

const RETRY_MS = 50;
const [path = '', stateFolder = '', settingsText = 'version: 1\n'] = process.argv.slice(2);
const { audit } = parseSettings('driverd.yaml', Buffer.from(settingsText));
const log = await openAuditLog({
  ...{ path, stateFolder, settings: () => audit, appender: startAppendingThread(path) },
});
for (let writer = 0; writer < 16; writer += 1) void writeOn(writer);

async function writeOn(writer: number): Promise<void> {
  for (;;) {
    const text = 'x'.repeat(writer * 50);
    try {
      const { seq } = await log.append('call-end', { writer, text }, {}, writer % 2 === 0);
      writeSync(1, `${seq}\n`);
    } catch (error) {
      // A busy host's disk may not answer for longer than the log waits, which goes on by itself.
      asUnavailable(error);
      await wait(RETRY_MS);
    }
  }
}
