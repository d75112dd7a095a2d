// The least that a log can do with the messages of a played broker: parse each, chain it, write what came together, have it
// on disk, answer. One thread that waits for the disk; nothing is checked, bounded, noted, sealed, rotated, or made good
// where it fails. Prints as played-monitor.ts does.
import { hash } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createFrameReader, encodeFrames } from '../../src/boundary/frames.ts';
import { reportMeasured, startPlayedBroker } from './start-played-broker.ts';

const [folder = '', words = ''] = process.argv.slice(2);
const FRAME_BYTES = 16_384;

const path = join(folder, 'least');
const file = openSync(path, 'ax');
const { broker, audit } = startPlayedBroker(words);
let waiting: { readonly serial: number; readonly type: string }[] = [];
let prev = '0'.repeat(64);
let seq = 0;

const frames = createFrameReader(
  FRAME_BYTES,
  (body) => {
    if (waiting.length === 0) setImmediate(write);
    waiting.push(JSON.parse(body.toString()));
    return true;
  },
  () => undefined,
);
audit.on('data', (chunk: Buffer) => {
  frames.push(chunk);
  frames.read(Number.POSITIVE_INFINITY);
});

function write(): void {
  const group = waiting;
  waiting = [];
  let text = '';
  for (const message of group) {
    seq += 1;
    const body =
      `{"version":1,"seq":${seq},"time":"${new Date().toISOString()}","event":"${message.type}",` +
      `"facts":{"session":1,"uid":1000},"claims":${JSON.stringify(message)},"prev":"${prev}"`;
    prev = hash('sha256', body, 'hex');
    text += `${body},"hash":"${prev}"}\n`;
  }
  writeSync(file, text);
  fdatasyncSync(file);
  audit.write(
    encodeFrames([JSON.stringify({ type: 'recorded', serials: group.map(({ serial }) => serial) })]),
  );
}

await reportMeasured(broker);
closeSync(file);
rmSync(path);
process.exit();
