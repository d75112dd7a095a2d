/** `npm run demo`: a daemon in a temporary folder, shown with real calls; cleans up unless `--keep` is given. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BUNDLED_PROFILES, makeDevelopmentFolder, ROOT } from './development-folder.ts';
import { monitorWords } from './monitor-words.ts';

const STARTS_WITHIN_MS = 15_000;
const EXIT_BAD_LOG = 1;

process.umask(0o022);
const keep = process.argv.includes('--keep');
const uid = process.geteuid?.() ?? 0;
const folder = mkdtempSync(join(tmpdir(), 'driverd-demo-'));
// Drivers' users must be able to reach the driver's own folder.
chmodSync(folder, 0o755);
const secret = join(folder, 'token');
writeFileSync(secret, `correct-horse-${Date.now().toString(36)}-battery\n`, { mode: 0o600 });
const made = makeDevelopmentFolder(
  folder,
  {
    ...BUNDLED_PROFILES,
    demo: `version: 1\nsecrets:\n  - { name: token, file: ${JSON.stringify(secret)} }\n`,
  },
  ['disk', 'host', 'cpu', 'demo']
    .map((driver) => `permit(principal == Uid::"${uid}", action in Action::"${driver}", resource);`)
    .concat(`permit(principal == Uid::"${uid}", action in Action::"rpc", resource);`, '')
    .join('\n'),
);
cpSync(join(ROOT, 'scripts/demo-driver'), join(folder, 'drivers/demo'), { recursive: true });

function say(text: string): void {
  process.stdout.write(`\n\x1b[1m# ${text}\x1b[0m\n`);
}

function driverctl(...args: string[]): number {
  process.stdout.write(`$ driverctl ${args.join(' ')}\n`);
  const { status } = spawnSync(process.execPath, [join(ROOT, 'dist/driverctl/main.js'), ...args], {
    stdio: 'inherit',
    env: { ...process.env, DRIVERD_SOCKET: made.socket, DRIVERD_LOG: made.log, DRIVERD_STATE: made.state },
  });
  process.stdout.write(`(exit ${status})\n`);
  return status ?? EXIT_BAD_LOG;
}

/** The id of the last call of a method, as its outcome on record has it; `none` where there is no such record. */
function requestOf(method: string): string {
  const words = ['audit', 'search', '--method', method, '--event', 'call-end', '--limit', '1', '--json'];
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'dist/driverctl/main.js'), ...words], {
    encoding: 'utf8',
    env: { ...process.env, DRIVERD_LOG: made.log },
  });
  return stdout === '' ? 'none' : JSON.parse(stdout).claims.request_id;
}

process.stdout.write(
  `driverd runs in ${folder}, as ${uid === 0 ? 'root' : `user ${uid}: rootless, so broker and drivers share your user and are told apart by their sandboxes alone`}\n`,
);
const daemon = spawn(
  process.execPath,
  [...monitorWords(), '--development', '--config', folder, '--state', made.state],
  { stdio: ['ignore', 'inherit', 'pipe'] },
);
let operationalLog = '';
daemon.stderr.on('data', (chunk: Buffer) => {
  operationalLog += chunk.toString();
});
const exited = new Promise<void>((resolve) => daemon.on('exit', () => resolve()));
const giveUpAt = Date.now() + STARTS_WITHIN_MS;
while (!operationalLog.includes('driverd is listening') && daemon.exitCode === null && Date.now() < giveUpAt)
  await wait(20);
let verified = EXIT_BAD_LOG;
if (existsSync(made.socket)) {
  say('A call: how full is the root file system?');
  driverctl('call', 'disk.usage', 'path=/');
  say('A call to an existing program, with no code written for it');
  driverctl('call', 'cpu.info', '--json');
  say('A longer one, with progress (a bar on a terminal)');
  driverctl('call', 'demo.count', 'to=30');
  say('A call that the policy does not permit');
  driverctl('call', 'accounts.lookup', 'database=passwd', 'key=root');
  say('A call with bad params');
  driverctl('call', 'disk.usage', 'path=../etc');
  say('A driver that prints a secret it was given, and something that looks like one');
  driverctl('call', 'demo.leak', '-v');
  say('What the audit log holds of all this (a table on a terminal)');
  driverctl('audit', 'search', '--since', '1h', '--event', 'call-end');
  driverctl('audit', 'search', '--since', '1h', '--event', 'denied');
  say('The whole story of the call with the secret (a screen on a terminal)');
  driverctl('audit', 'show', requestOf('demo.leak'));
  say('Nothing in it was changed');
  verified = driverctl('audit', 'verify');
} else {
  process.stdout.write(operationalLog);
}
daemon.kill('SIGTERM');
await exited;
if (keep) process.stdout.write(`\nThe folder stays: ${folder}\n`);
else rmSync(folder, { recursive: true, force: true });
process.exitCode = verified;
