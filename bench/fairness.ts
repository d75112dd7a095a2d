import { type ChildProcess, spawn } from 'node:child_process';
import { connectClient } from '../test/support/client.ts';
import { startTestDaemon } from '../test/support/daemon.ts';
import type { Row } from './pairs.ts';

const CALLS = 400;
const IN_FLIGHT = 256;
const CONNECTIONS = 4;
/** What an issue asks for. */
const AIM = 2;
const FLOODER_UID = 4_242;

/** As a user of its own: always so many calls in flight, whatever comes of them. */
const FLOOD = `
import { connect } from 'node:net';
const [path, connections, each] = process.argv.slice(1).map((word, at) => (at === 0 ? word : Number(word)));
for (let number = 0; number < connections; number += 1) {
  const socket = connect(path);
  let id = 0;
  const call = () => socket.write(JSON.stringify({ jsonrpc: '2.0', id: (id += 1), method: 'catter.copy', params: { text: 'x' } }) + '\\n');
  socket.on('connect', () => { for (let at = 0; at < each; at += 1) call(); });
  socket.on('data', (chunk) => { for (const byte of chunk) if (byte === 10) call(); });
  socket.on('error', () => process.exit());
}
process.stdout.write('flooding');
`;

/** How long a polite caller waits, one call after the other: the 99th of a hundred, in milliseconds. */
async function politely(socket: string, calls: number): Promise<number> {
  const client = await connectClient(socket);
  const times: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const started = performance.now();
    const { error } = await client.call('catter.copy', { text: 'x' });
    if (error !== undefined)
      throw new Error(`Cannot measure: a polite call was refused (${error.data.reason})`);
    times.push(performance.now() - started);
  }
  client.close();
  return times.toSorted((one, other) => one - other)[Math.floor(calls * 0.99)] ?? Number.NaN;
}

async function startFlood(socket: string): Promise<ChildProcess> {
  const words = [process.execPath, '--input-type=module', '-e', FLOOD, socket];
  const identity = ['--reuid', String(FLOODER_UID), '--regid', String(FLOODER_UID), '--clear-groups'];
  const flood = spawn(
    'setpriv',
    [...identity, ...words, String(CONNECTIONS), String(IN_FLIGHT / CONNECTIONS)],
    {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await new Promise((resolve) => flood.stdout?.once('data', resolve));
  return flood;
}

/** One identity floods; how long another one waits, beside how long it waits alone. As root, who can be two users. */
export async function measureFairness(calls = CALLS): Promise<Row> {
  const limits = 'calls_per_minute: 10000000, launches_per_second: 10000';
  const daemon = await startTestDaemon({
    policy: `permit(principal, action in Action::"call", resource);\n`,
    settings: `limits: { ${limits} }`,
    audit: 'durability: none',
  });
  await politely(daemon.socket, calls);
  const alone = await politely(daemon.socket, calls);
  const flood = await startFlood(daemon.socket);
  const beside = await politely(daemon.socket, calls);
  flood.kill('SIGKILL');
  await daemon.stop();
  return {
    ...{ name: 'fairness: p99 of a polite caller beside a flooder', ours: beside, peer: alone },
    ...{
      peer_name: 'the same caller alone',
      ratio: Math.round((beside / alone) * 1_000) / 1_000,
      unit: 'ms',
    },
    ...{
      aim: AIM,
      runs: calls,
      note: `${IN_FLIGHT} calls of the flooder in flight, default limits but for rates`,
    },
  };
}
