// A program that writes records until it is killed, and prints the number of each that it was told stands.
import { writeSync } from 'node:fs';
import { openAuditLog } from '../../../src/monitor/audit/log.ts';
import { parseSettings } from '../../../src/shared/configuration/settings.ts';

const [path = '', stateFolder = '', settingsText = 'version: 1\n'] = process.argv.slice(2);
const { audit } = parseSettings('driverd.yaml', Buffer.from(settingsText));
const log = await openAuditLog({ path, stateFolder, settings: () => audit });
for (let writer = 0; writer < 16; writer += 1) void writeOn(writer);

async function writeOn(writer: number): Promise<void> {
  for (;;) {
    const { seq } = await log.append(
      'call-end',
      { writer, text: 'x'.repeat(writer * 50) },
      {},
      writer % 2 === 0,
    );
    writeSync(1, `${seq}\n`);
  }
}
