import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/development-folder.ts';
import { startTestDaemon, TEST_PROFILES, type TestDaemon } from './daemon.ts';

/**
 * What every played broker does: it says hello, accepts what it is offered, and starts its attack when the first
 * session comes. `session` is that session's number, `descriptor` the caller's connection.
 */
const PRELUDE = `
import '../posix/close-inherited.js';
import { readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { buildId } from '../boundary/build.js';
import { createFrameReader, encodeFrame } from '../boundary/frames.js';
import { receiveDescriptors, sendDescriptors } from '../posix/descriptor-passing.js';
const control = new Socket({ fd: 4 });
const audit = new Socket({ fd: 5 });
const send = (message) => control.write(encodeFrame(JSON.stringify(message)));
const record = (message) => audit.write(encodeFrame(JSON.stringify(message)));
const intent = (session, call, more = {}) => ({ type: 'intent', serial: call, call, session, generation: 1,
  request: '00000000-0000-7000-8000-000000000000', method: 'echo.say', params: 'a'.repeat(64), policies: [],
  notification: false, names: null, launch: null, trace: 'c'.repeat(32), span: 'd'.repeat(16), because: null, durable: false, ...more });
const outcome = (call) => ({ type: 'outcome', serial: call, call, outcome: 'ok', error: null, handed: false, bytesIn: 0,
  bytesOut: 0, bytesDropped: 0, controlsRemoved: 0, waitedMicroseconds: 0, ranMicroseconds: 0, scrubbed: [],
  stages: { validate: 0, authorise: 0, intent: 0, launch: null, run: null, scrub: null } });
const refusal = (session, reason) => ({ type: 'refusal', serial: 1, session, kind: 'denied', reason,
  request: '00000000-0000-7000-8000-000000000000', method: 'echo.say', params: null, policies: [],
  trace: 'c'.repeat(32), span: 'd'.repeat(16), because: null, error: -32001 });
const launch = (session, request, more = {}) => ({ type: 'launch', request, profile: 'echo', session, call: request, generation: 1, ...more });
const heard = [];
let begun = false;
let refuseWith = null;
const reader = createFrameReader(4194304, (body) => {
  const message = JSON.parse(body.toString());
  heard.push(message);
  if (message.type === 'configure') send(refuseWith === null ? { type: 'accepted', generation: message.generation, changes: [], changeCount: 0 }
    : { type: 'refused', generation: message.generation, reason: refuseWith });
  if (message.type === 'drain') send({ type: 'drained' });
  if (message.type === 'session' && !begun) {
    begun = true;
    const [descriptor] = receiveDescriptors(6).descriptors;
    send({ type: 'taken', kind: 'session', number: message.session });
    attack(message.session, descriptor);
  }
  return true;
}, () => process.exit(1));
control.on('data', (chunk) => { reader.push(chunk); while (reader.read(64)); });
audit.on('data', () => undefined);
for (const socket of [control, audit]) socket.on('error', () => undefined).on('end', () => process.exit(0));
`;

/** A real monitor whose first broker is played; the next one is the real one. */
export interface PlayedMonitor extends TestDaemon {
  readonly pidBefore: number;
  /** The folder of its own copy of driverd. */
  readonly installation: string;
}

/**
 * @param attack the body of `function attack(session, descriptor)`
 * @param build what it says its build is, as an expression
 */
export async function startPlayedBroker(
  attack: string,
  build = 'buildId()',
  profiles = TEST_PROFILES,
): Promise<PlayedMonitor> {
  const installation = mkdtempSync(join(tmpdir(), 'driverd-played-'));
  // Where its user can reach it, a broker has a user namespace, and does not count towards the processes of all others.
  chmodSync(installation, 0o755);
  for (const part of ['dist', 'protocol', 'package.json'])
    cpSync(join(ROOT, part), join(installation, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(installation, 'node_modules'));
  mkdirSync(join(installation, 'drivers'));
  const main = join(installation, 'dist/broker/main.js');
  renameSync(main, `${main}.real`);
  const hello = `send({ type: 'hello', build: ${build} });`;
  writeFileSync(main, `${PRELUDE}\n${hello}\nasync function attack(session, descriptor) {\n${attack}\n}\n`, {
    mode: 0o644,
  });
  const daemon = await startTestDaemon({ installation, profiles }).catch((error: unknown) => {
    rmSync(installation, { recursive: true, force: true });
    throw error;
  });
  renameSync(`${main}.real`, main);
  return {
    ...daemon,
    pidBefore: daemon.pid,
    installation,
    async stop() {
      const code = await daemon.stop();
      rmSync(installation, { recursive: true, force: true });
      return code;
    },
  };
}
