import { type SpawnOptions, spawn } from 'node:child_process';
import { systemView } from '../src/monitor/configuration/views.ts';
import { driverFilter, NO_GRANTS } from '../src/monitor/launch/filter.ts';
import { GATE_DESCRIPTOR } from '../src/monitor/launch/gate.ts';
import { type SandboxPlan, sandboxArguments, writtenFiles } from '../src/monitor/launch/sandbox.ts';
import { startSandbox } from '../src/monitor/launch/start-sandbox.ts';
import { reopenMemoryFile } from '../src/posix/memory-file.ts';
import { makePipe, openToEveryUser } from '../src/posix/pipes.ts';
import { buildSeccompFilter } from '../src/posix/seccomp.ts';
import { type Comparison, compare, type Row } from './pairs.ts';

const RUNS = 300;
const MEBIBYTE = 1_048_576;
/** What an issue asks of the sandbox alone. */
const AIM = 1.35;
const PROGRAM = ['/bin/echo', 'x'] as const;
const isRoot = process.geteuid?.() === 0;
const uid = isRoot ? 79_997 : (process.geteuid?.() ?? 0);
const gid = isRoot ? 79_997 : (process.getegid?.() ?? 0);

const plan: SandboxPlan = {
  ...{ way: 'user-namespace', uid, gid, groups: [], network: 'none', workdir: '/tmp', secretVariables: [] },
  ...{ userChange: 'unshare', capabilities: [], coveredProcFiles: [] },
  mounts: [...systemView(), { kind: 'empty', target: '/tmp', bytes: 16 * MEBIBYTE, mode: '1777' }],
  environment: new Map([['PATH', '/usr/bin:/bin']]),
  limits: {
    ...{ openFiles: 256, fileBytes: 64 * MEBIBYTE, cpuSeconds: 600, dataBytes: 1024 * MEBIBYTE },
    ...{ addressSpaceBytes: null, processes: 64, oomScore: 500 },
  },
  program: { mode: 'direct', environmentNames: [], argv: PROGRAM },
};
const filter = buildSeccompFilter(driverFilter(NO_GRANTS));

/** Starts a program and waits for its first byte; returns milliseconds. Its end is waited for, and not counted. */
async function toFirstByte(
  program: string,
  words: readonly string[],
  options: SpawnOptions,
  go?: string,
): Promise<number> {
  const started = performance.now();
  const child = spawn(program, words, { cwd: '/', env: {}, ...(isRoot ? { uid, gid } : {}), ...options });
  const gate = child.stdio[GATE_DESCRIPTOR];
  if (go !== undefined && gate !== null && gate !== undefined && 'write' in gate) gate.write(go);
  const first = new Promise<number>((resolve, reject) => {
    child.stdout?.once('data', () => resolve(performance.now() - started));
    child.once('error', reject);
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdout?.resume();
  const took = await first;
  await ended;
  return took;
}

/** bubblewrap with all that driverd gives it; "go" lies at the gate already, so that nothing of the monitor counts. */
async function sandboxAlone(): Promise<number> {
  const files = [filter.file, ...writtenFiles(plan, []).map(({ content }) => content)].map(reopenMemoryFile);
  const filterDescriptor = GATE_DESCRIPTOR + 1;
  try {
    return await toFirstByte(
      '/usr/bin/bwrap',
      sandboxArguments(plan, filterDescriptor),
      { stdio: ['ignore', 'pipe', 'inherit', 'pipe', ...files.map((file) => file.number)] },
      'go\n',
    );
  } finally {
    for (const file of files) file.close();
  }
}

const bare = (): Promise<number> =>
  toFirstByte('/usr/bin/bwrap', ['--unshare-all', '--ro-bind', '/', '/', ...PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/** The monitor's own code: pipes, spawn, "ready", what the kernel says of the gate, "go". */
async function throughMonitor(): Promise<number> {
  const started = performance.now();
  const stdout = makePipe();
  openToEveryUser(stdout.write);
  const sandbox = startSandbox(plan, filter, {
    standard: ['ignore', stdout.write.number, 2],
    further: [],
  });
  stdout.write.close();
  await sandbox.ready;
  sandbox.go();
  const { Socket } = await import('node:net');
  const socket = new Socket({ fd: stdout.read.release(), readable: true, writable: false });
  const first = new Promise<number>((resolve) =>
    socket.once('data', () => resolve(performance.now() - started)),
  );
  const took = await first;
  await sandbox.ended;
  socket.destroy();
  return took;
}

const peer = { peer_name: 'bwrap --unshare-all --ro-bind / /', peer: bare };
const comparisons: readonly Comparison[] = [
  { name: 'launch: the sandbox alone, to the first byte', aim: AIM, ours: sandboxAlone, ...peer },
  { name: 'launch: through the monitor, to the first byte', aim: null, ours: throughMonitor, ...peer },
];

/** What a sandbox of driverd costs beside a bare one of the same program. */
export async function benchLaunch(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const comparison of comparisons) rows.push(await compare(comparison, RUNS));
  return rows;
}
