import { fork, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A program of others that starts /bin/cat. */
export interface Program {
  readonly name: string;
  /** As the table calls it. */
  readonly title: string;
  readonly command: readonly string[];
  /** Why it cannot be measured here; null where it can. */
  missing(): string | null;
  /** Whether one takes a tenth of a second and more. */
  readonly isSlow: boolean;
}

const CAT = '/bin/cat';
const HOW_TO_INSTALL = '`npm run setup -- bench`, as root, installs it';

/** @param root a folder that holds /bin/cat with its libraries, for podman */
export function programs(root: string): readonly Program[] {
  const asRoot = process.geteuid?.() === 0;
  return [
    {
      ...{ name: 'spawn', title: 'a bare spawn of /bin/cat', command: [CAT], isSlow: false },
      missing: () => null,
    },
    {
      ...{ name: 'bwrap', title: 'bwrap --unshare-all', isSlow: false },
      command: ['bwrap', '--unshare-all', '--ro-bind', '/', '/', CAT],
      missing: () => lacks('bwrap'),
    },
    {
      ...{ name: 'sudo', title: 'sudo -n -u nobody', isSlow: false },
      command: ['sudo', '-n', '-u', 'nobody', CAT],
      missing: () => lacks('sudo') ?? (asRoot ? null : 'it would ask this user for a password'),
    },
    {
      ...{ name: 'systemd_run', title: 'systemd-run --wait --pipe', isSlow: false },
      command: ['systemd-run', '--quiet', '--wait', '--pipe', '--collect', CAT],
      missing: () => lacks('systemd-run') ?? lacksSystemd(asRoot),
    },
    {
      ...{ name: 'podman', title: 'podman run (runc)', isSlow: true },
      command: [
        ...['podman', 'run', '--rm', '--interactive', '--network=none', '--runtime=runc'],
        ...['--cgroup-manager=cgroupfs', '--ulimit=nofile=1024:1024', '--ulimit=nproc=512:512'],
        ...['--log-driver=none', '--rootfs', root, CAT],
      ],
      missing: () => lacks('podman') ?? lacks('runc') ?? (asRoot ? null : 'it is measured as root alone'),
    },
  ];
}

function lacks(program: string): string | null {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  return error === undefined ? null : `${program} is not installed: ${HOW_TO_INSTALL}`;
}

/** See sd_booted(3). */
function lacksSystemd(asRoot: boolean): string | null {
  if (!existsSync('/run/systemd/system')) return 'systemd does not run this host';
  return asRoot ? null : 'it is measured as root alone';
}

/** A small process that starts programs and waits for their ends. */
export interface Spawner {
  /**
   * Milliseconds from spawn to end.
   *
   * @throws Error where it failed, with what it said
   */
  time(command: readonly string[]): Promise<number>;
  stop(): void;
}

export function startSpawner(): Spawner {
  const path = fileURLToPath(new URL('../contenders/spawner.mjs', import.meta.url));
  const child = fork(path, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    time: (command) =>
      new Promise((resolve, reject) => {
        child.once('message', (answer: { readonly took?: number; readonly failed?: string }) => {
          if (answer.took !== undefined) resolve(answer.took);
          else reject(new Error(`Cannot measure ${command[0]}: ${answer.failed}`));
        });
        child.send(command);
      }),
    stop: () => child.disconnect(),
  };
}
