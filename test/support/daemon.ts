import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { makeDevelopmentFolder, type Profiles, permitAll, ROOT } from '../../scripts/development-folder.ts';
import { monitorWords } from '../../scripts/monitor-words.ts';
import { patience } from './patience.ts';
import { recordProblem } from './record-schema.ts';

/** Where the tests' own small drivers lie. */
export const TEST_DRIVERS = join(ROOT, 'test/fixtures/drivers');
const STARTS_WITHIN_MS = 20_000 * patience;

/** A real daemon on a temporary folder. */
export interface TestDaemon {
  readonly folder: string;
  readonly socket: string;
  readonly state: string;
  readonly log: string;
  readonly monitor: ChildProcess;
  /** The process id of the monitor. */
  readonly pid: number;
  stderr(): string;
  records(): readonly AuditRecord[];
  /** SIGTERM, then the folder is removed. Settles with the exit status; rejects where a record is no published one. */
  stop(): Promise<number | null>;
}

export interface AuditRecord {
  readonly seq: number;
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface TestDaemonOptions {
  readonly profiles?: Profiles;
  readonly policy?: string;
  readonly settings?: string;
  /** Further settings of `audit`, as they stand between braces: `durability: none`. */
  readonly audit?: string;
  readonly installation?: string;
  readonly wrap?: readonly string[];
  readonly folder?: string;
  /** Given as `--socket`. */
  readonly socket?: string;
  /** Where drivers lie, instead of the tests' own. */
  readonly driverFolders?: readonly string[];
}

export const TEST_PROFILES: Profiles = {
  echo: 'version: 1\n',
  misbehave: 'version: 1\nlimits: { wall_ms: 20000, output_bytes: 200000 }\n',
  catter: 'version: 1\n',
  arguments: 'version: 1\n',
};

export async function startTestDaemon(options: TestDaemonOptions = {}): Promise<TestDaemon> {
  const umask = process.umask(0o022);
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'driverd-test-'));
  // Other users connect to the socket in it.
  chmodSync(folder, 0o755);
  const made = makeDevelopmentFolder(
    folder,
    options.profiles ?? TEST_PROFILES,
    options.policy ?? permitAll(process.geteuid?.() ?? 0),
    {
      driverFolders: options.driverFolders ?? [TEST_DRIVERS],
      settings: options.settings ?? '',
      audit: options.audit ?? '',
      mode: '0666',
    },
  );
  const [program = process.execPath, ...args] = [
    ...(options.wrap ?? []),
    ...[process.execPath, ...monitorWords(options.installation)],
    ...['--development', '--config', folder, '--state', made.state],
    ...(options.socket === undefined ? [] : ['--socket', options.socket]),
  ];
  const monitor = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  process.umask(umask);
  let text = '';
  monitor.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const giveUpAt = Date.now() + STARTS_WITHIN_MS;
  while (!text.includes('driverd is listening')) {
    if (monitor.exitCode !== null || Date.now() > giveUpAt) {
      monitor.kill('SIGKILL');
      throw new Error(`Cannot start a daemon for a test: ${text}`);
    }
    await wait(10);
  }
  const exited = new Promise<number | null>((resolve) => monitor.on('exit', (code) => resolve(code)));
  return {
    ...made,
    socket: options.socket ?? made.socket,
    folder,
    monitor,
    pid: monitor.pid ?? -1,
    stderr: () => text,
    records: () => readRecords(made.log),
    async stop() {
      monitor.kill('SIGTERM');
      const code = await exited;
      refuseUnpublishedRecords(made.log);
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}

/** Every daemon of every test: what stands in the log is what protocol/audit-record.schema.json says. */
function refuseUnpublishedRecords(log: string): void {
  if (!existsSync(log)) return;
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    // Tests of tampering leave lines that are none.
    if (!line.startsWith('{') || !line.endsWith('}')) continue;
    const problem = recordProblem(JSON.parse(line));
    if (problem !== null) throw new Error(`Cannot accept the log of a test: ${problem}`);
  }
}

/** Whole lines only: a running daemon may be read in the midst of a write, of which a reader sees page after page. */
export function readRecords(log: string): AuditRecord[] {
  return readFileSync(log, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line): AuditRecord => JSON.parse(line));
}
