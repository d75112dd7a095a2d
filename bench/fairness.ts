import { type ChildProcess, spawn } from 'node:child_process';
import { connectClient } from '../test/support/client.ts';
import { startTestDaemon } from '../test/support/daemon.ts';
import { median, medians, type Row } from './pairs.ts';

const ROUNDS = 3;
/** A round goes from one to the other so often, so that what else the machine does falls on both alike. */
const BLOCKS = 10;
const CALLS = 40;
/** Calls of each block before those that count: what the flood before left behind has ended by then. */
const WARM_UP = 10;
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

/** How long a polite caller waits, one call after the other, in milliseconds. */
async function politely(socket: string): Promise<number[]> {
  const client = await connectClient(socket);
  const times: number[] = [];
  for (let call = -WARM_UP; call < CALLS; call += 1) {
    const started = performance.now();
    const { error } = await client.call('catter.copy', { text: 'x' });
    if (error !== undefined)
      throw new Error(`Cannot measure: a polite call was refused (${error.data.reason})`);
    if (call >= 0) times.push(performance.now() - started);
  }
  client.close();
  return times;
}

function p99(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? Number.NaN;
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

/** One round: the 99th of a hundred calls alone, and beside a flooder. */
async function measureRound(socket: string): Promise<{ alone: number; beside: number }> {
  const alone: number[] = [];
  const beside: number[] = [];
  for (let block = 0; block < BLOCKS; block += 1) {
    alone.push(...(await politely(socket)));
    const flood = await startFlood(socket);
    beside.push(...(await politely(socket)));
    flood.kill('SIGKILL');
  }
  return { alone: p99(alone), beside: p99(beside) };
}

/** How long one identity waits while another floods, beside how long it waits alone. As root, who can be two users. */
export async function measureFairness(count = ROUNDS): Promise<Row> {
  const limits = 'calls_per_minute: 10000000, launches_per_second: 10000';
  const daemon = await startTestDaemon({
    policy: `permit(principal, action in Action::"call", resource);\n`,
    settings: `limits: { ${limits} }`,
    audit: 'durability: none',
  });
  const rounds: Awaited<ReturnType<typeof measureRound>>[] = [];
  for (let round = 0; round < count; round += 1) rounds.push(await measureRound(daemon.socket));
  const [alone, beside] = [rounds.map((one) => one.alone), rounds.map((one) => one.beside)];
  const ratios = rounds.map((one) => one.beside / one.alone);
  await daemon.stop();
  return {
    ...{ name: 'fairness: p99 of a polite caller beside a flooder', ...medians(beside, alone) },
    ...{ peer_name: 'the same caller alone', ratio: rounded(median(ratios)), unit: 'ms', aim: AIM },
    runs: count * BLOCKS * CALLS,
    note: `${IN_FLIGHT} calls of the flooder in flight, default limits but for rates; ratios of the rounds ${ratios.map(rounded).join(', ')}`,
  };
}

function rounded(ratio: number): number {
  return Math.round(ratio * 100) / 100;
}
