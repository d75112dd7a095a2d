// A played broker: writers that each have one record written after the other, as the broker's own code has it. Started by
// played-monitor.ts; prints what was recorded, as one line of JSON.
import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { BrokerAudit } from '../../src/boundary/messages.ts';
import { openMonitorLink } from '../../src/broker/monitor-link.ts';
import type { Writers } from './writers.ts';

const writers: Writers = JSON.parse(process.argv[2] ?? '');

const monitor = openMonitorLink({
  message: () => undefined,
  session: () => undefined,
  broken: (why) => {
    throw new Error(`Cannot measure: ${why}`);
  },
});

let recorded = 0;
let calls = 0;
let isOver = false;

async function record(make: (serial: number) => BrokerAudit): Promise<void> {
  const answer = await monitor.record(make);
  if (answer !== 'recorded') throw new Error(`Cannot measure: a record was not written: ${answer}`);
  recorded += 1;
}

async function write(session: number): Promise<void> {
  while (!isOver) {
    calls += 1;
    const call = calls;
    await record((serial) => ({
      ...{ type: 'intent', serial, call, session, generation: 1, launch: null, request: REQUEST },
      ...{ method: 'service.restart', params: DIGEST, names: null, policies: ['operators-may-restart'] },
      ...{ notification: false, trace: DIGEST.slice(0, 32), span: DIGEST.slice(0, 16) },
      ...{ because: null, durable: writers.durableIntents },
    }));
    await record((serial) => ({
      ...{
        type: 'outcome',
        serial,
        call,
        outcome: 'ok',
        error: null,
        handed: true,
        bytesIn: 212,
        bytesOut: 96,
      },
      ...{ bytesDropped: 0, controlsRemoved: 0, waitedMicroseconds: 5_210, ranMicroseconds: 14_032 },
      stages: { validate: 31, authorise: 212, intent: 402, launch: 5_100, run: 14_032, scrub: 120 },
      scrubbed: [],
    }));
  }
}
const REQUEST = '01890a5d-ac96-774b-bcce-b302099a8057';
const DIGEST = '4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865';

const all = Promise.all(Array.from({ length: writers.count }, (_, index) => write(index + 1)));
await wait(writers.warmUpMs);
const [began, before, cpu] = [performance.now(), recorded, process.cpuUsage()];
writeSync(1, 'begins\n');
await wait(writers.measuredMs);
const { user, system } = process.cpuUsage(cpu);
const seconds = (performance.now() - began) / 1000;
const measured = { records: recorded - before, seconds, brokerSeconds: (user + system) / 1e6 };
isOver = true;
await all;
writeSync(1, `${JSON.stringify(measured)}\n`);
process.exit();
