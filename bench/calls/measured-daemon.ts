import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { makeDevelopmentFolder, type Profiles, permitAll, ROOT } from '../../scripts/development-folder.ts';
import { monitorWords } from '../../scripts/monitor-words.ts';
import { endsWithUs } from './ends-with-us.ts';

const STARTS_WITHIN_MS = 60_000;
const LOOKS_EACH_MS = 1;

/** The default rates would be what is measured. What limits memory or time stays as it is. */
const LIMITS = [
  ...['calls_per_minute: 10000000', 'connections_per_second: 100000', 'connections_per_identity: 65536'],
  ...['in_flight_per_connection: 1024', 'in_flight_per_identity: 4096', 'in_flight: 4096'],
  ...['in_flight_per_driver: 4096', 'launches: 512', 'launches_per_second: 10000', 'queue_ms: 60000'],
  ...['audit_records_per_second: 1000000', 'audit_bytes_per_second: 1073741824'],
];

/** The compiled daemon as it is installed: sandboxed broker, schemas, policy, scrubber, durable audit log. */
export interface MeasuredDaemon {
  readonly socket: string;
  /** The process id of the monitor. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface MeasuredOptions {
  readonly profiles?: Profiles;
  /** Cedar text beside the policy that permits the starting user. */
  readonly policies?: string;
  readonly durability?: 'outcome' | 'none';
  /** A folder that drivers whose profile says READS_TEXTS see as /texts. */
  readonly texts?: string;
  /** Folders of drivers by the bench's own, by name: the text of driver.yaml. */
  readonly drivers?: Readonly<Record<string, string>>;
}

/** Makes a folder that a daemon can be started on. */
export function makeMeasuredFolder(options: MeasuredOptions = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-bench-'));
  // Drivers run as other users.
  chmodSync(folder, 0o755);
  for (const [name, manifest] of Object.entries(options.drivers ?? {})) {
    mkdirSync(join(folder, 'drivers', name), { recursive: true, mode: 0o755 });
    writeFileSync(join(folder, 'drivers', name, 'driver.yaml'), manifest, { mode: 0o644 });
  }
  const reading = `filesystem: { read: [{ path: ${JSON.stringify(options.texts ?? '/srv')}, at: /texts }] }\n`;
  const profiles = Object.entries(options.profiles ?? { native: 'version: 1\n' });
  makeDevelopmentFolder(
    folder,
    Object.fromEntries(profiles.map(([name, text]) => [name, text.replace('READS_TEXTS\n', reading)])),
    `${permitAll(process.geteuid?.() ?? 0)}${options.policies ?? ''}`,
    {
      driverFolders: [join(ROOT, 'bench/drivers')],
      settings: `limits: { ${LIMITS.join(', ')} }`,
      audit: `durability: ${options.durability ?? 'outcome'}`,
    },
  );
  return folder;
}

/**
 * Starts the daemon on a folder; resolves as soon as somebody can connect.
 *
 * @throws Error with what it said where it does not start
 */
export async function startOn(folder: string): Promise<MeasuredDaemon> {
  const state = join(folder, 'state');
  const socket = join(folder, 'driverd.sock');
  const words = [...monitorWords(), '--development', '--config', folder, '--state', state];
  const monitor = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  endsWithUs(monitor);
  let said = '';
  monitor.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const exited = new Promise<void>((resolve) => monitor.once('exit', () => resolve()));
  const giveUpAt = performance.now() + STARTS_WITHIN_MS;
  while (!(await listens(socket))) {
    if (monitor.exitCode !== null || performance.now() > giveUpAt) {
      monitor.kill('SIGKILL');
      throw new Error(`Cannot start a daemon to measure: ${said}`);
    }
    await wait(LOOKS_EACH_MS);
  }
  let isStopping = false;
  void exited.then(() => {
    // Whoever waits for a reply then sees a closed connection alone.
    if (!isStopping) console.error(`The daemon that is measured has ended: ${said}`);
  });
  return {
    ...{ socket, pid: monitor.pid ?? -1 },
    async stop() {
      isStopping = true;
      monitor.kill('SIGTERM');
      await exited;
    },
  };
}

/** A daemon on a folder of its own, which is removed with its end. */
export async function startMeasured(options: MeasuredOptions = {}): Promise<MeasuredDaemon> {
  const folder = makeMeasuredFolder(options);
  const daemon = await startOn(folder);
  return {
    ...daemon,
    async stop() {
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (does: boolean): void => {
      socket.destroy();
      resolve(does);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}

/** Whether profiles of this build have a setting. */
export function profilesKnow(setting: string): boolean {
  const schema = readFileSync(join(ROOT, 'protocol/profile.schema.json'), 'utf8');
  const { properties }: { readonly properties: Readonly<Record<string, unknown>> } = JSON.parse(schema);
  return Object.hasOwn(properties, setting);
}
