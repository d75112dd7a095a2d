import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url)).replace(/\/$/, '');

export interface DevelopmentFolder {
  readonly folder: string;
  readonly socket: string;
  readonly state: string;
  readonly log: string;
}

/** Profiles of a development folder: file name → content. */
export type Profiles = Readonly<Record<string, string>>;

export const BUNDLED_PROFILES: Profiles = {
  disk: 'version: 1\nfilesystem:\n  read:\n    - { path: /, at: /host }\n',
  host: 'version: 1\nfilesystem:\n  read:\n    - { path: /etc, at: /host/etc }\n',
  cpu: 'version: 1\nfilesystem:\n  read:\n    - /sys/devices/system\n',
  accounts: 'version: 1\n',
};

/**
 * Makes a folder with everything a daemon in the foreground needs, marked development: configuration, a socket path,
 * state and audit log. What is there already stays as it is.
 * @param policy Cedar text; the default permits the starting user everything
 */
export function makeDevelopmentFolder(
  folder: string,
  profiles: Profiles = BUNDLED_PROFILES,
  policy: string = permitAll(process.geteuid?.() ?? 0),
  more: {
    readonly driverFolders?: readonly string[];
    readonly settings?: string;
    /** Further settings of `audit`, as they stand between braces: `durability: none`. */
    readonly audit?: string;
    readonly mode?: string;
  } = {},
): DevelopmentFolder {
  const made = {
    folder,
    socket: join(folder, 'driverd.sock'),
    state: join(folder, 'state'),
    log: join(folder, 'audit/audit.jsonl'),
  };
  for (const name of ['', 'drivers.d', 'policy.d', 'drivers'])
    mkdirSync(join(folder, name), { recursive: true, mode: 0o755 });
  mkdirSync(join(folder, 'audit'), { recursive: true, mode: 0o750 });
  const settings = [
    '# A development configuration: driverd refuses it unless started with --development.',
    'version: 1',
    'development: true',
    `socket: { path: ${JSON.stringify(made.socket)}, group: null, mode: "${more.mode ?? '0660'}" }`,
    'driver_paths:',
    ...[join(ROOT, 'drivers'), join(folder, 'drivers'), ...(more.driverFolders ?? [])].map(
      (path) => `  - ${JSON.stringify(path)}`,
    ),
    `audit: { ${[`path: ${JSON.stringify(made.log)}`, more.audit ?? ''].filter(Boolean).join(', ')} }`,
    more.settings ?? '',
  ];
  writeOnce(join(folder, 'driverd.yaml'), settings.join('\n'));
  for (const [name, text] of Object.entries(profiles))
    writeOnce(join(folder, 'drivers.d', `${name}.yaml`), text);
  writeOnce(join(folder, 'policy.d/driverd.cedar'), policy);
  return made;
}

/** A policy that permits one user every enabled driver and every built-in method. */
export function permitAll(uid: number): string {
  return [
    `permit(principal == Uid::"${uid}", action in Action::"call", resource);`,
    `permit(principal == Uid::"${uid}", action in Action::"rpc", resource);`,
    '',
  ].join('\n');
}

function writeOnce(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path).length > 0) return;
  writeFileSync(path, text, { mode: 0o644 });
}
