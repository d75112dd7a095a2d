import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Installation } from '../installation.ts';
import type { Mount } from '../launch/sandbox.ts';

/** What programs of a distribution expect below /etc. */
const ETC_ENTRIES = [
  ...['passwd', 'group', 'nsswitch.conf', 'hosts', 'services', 'protocols', 'os-release', 'localtime'],
  ...['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'alternatives'],
];
const MERGED_INTO_USR = ['/bin', '/sbin', '/lib', '/lib64'];

/** Where node, drivers, the SDK and the broker's own files stand inside their sandboxes: no path of the host shows. */
export const INSIDE = {
  node: '/node',
  driver: '/driver',
  secrets: '/run/secrets',
  sdk: '/node_modules/driverd',
  broker: '/driverd',
} as const;

/** The minimal read-only system, as this host has it; read once when configuration is loaded. */
export function systemView(): readonly Mount[] {
  const merged = MERGED_INTO_USR.filter((path) => existsSync(path)).map((path): Mount => {
    const isLink = lstatSync(path).isSymbolicLink();
    return isLink
      ? { kind: 'link', to: readlinkSync(path), target: path }
      : { kind: 'read', source: path, target: path };
  });
  const etc = ETC_ENTRIES.map((name) => join('/etc', name))
    .filter((path) => existsSync(path))
    .map((path): Mount => ({ kind: 'read', source: path, target: path }));
  return [{ kind: 'read', source: '/usr', target: '/usr' }, ...merged, ...etc];
}

/** Node and the SDK, for drivers that run on it. */
export function nodeView(installation: Installation): readonly Mount[] {
  return [
    { kind: 'read', source: installation.node, target: INSIDE.node },
    { kind: 'read', source: join(installation.root, 'package.json'), target: `${INSIDE.sdk}/package.json` },
    { kind: 'read', source: join(installation.root, 'dist/sdk'), target: `${INSIDE.sdk}/dist/sdk` },
  ];
}

/** The broker's view: its own code and nothing of the configuration, the log, the keys or the state. */
export function brokerView(installation: Installation): readonly Mount[] {
  const parts = ['package.json', 'dist', 'protocol', 'node_modules'];
  return [
    ...systemView(),
    { kind: 'read', source: installation.node, target: INSIDE.node },
    ...parts.map((part): Mount => {
      return { kind: 'read', source: join(installation.root, part), target: `${INSIDE.broker}/${part}` };
    }),
  ];
}

/** Never part of a granted folder above them: processes, devices and sockets of the host. */
const NEVER_BELOW_A_GRANT = ['/proc', '/sys', '/dev', '/run'];
const COVER_BYTES = 4_096;

/**
 * The mounts of one granted read path: what is protected below it is covered by empty folders.
 * @param hidden driverd's own folders
 * @throws Error where the granted path itself lies in a protected folder
 */
export function grantedView(source: string, target: string, hidden: readonly string[]): readonly Mount[] {
  const inside = hidden.find((folder) => source === folder || source.startsWith(`${folder}/`));
  if (inside !== undefined) throw new Error(`Cannot grant ${source}: ${inside} is driverd's own`);
  const prefix = source === '/' ? '/' : `${source}/`;
  const covers = [...NEVER_BELOW_A_GRANT, ...hidden]
    .filter((folder) => folder.startsWith(prefix) && existsSync(folder))
    .map((folder): Mount => {
      return {
        kind: 'empty',
        target: join(target, folder.slice(prefix.length)),
        bytes: COVER_BYTES,
        mode: '0555',
      };
    });
  return [{ kind: 'read', source, target }, ...covers];
}
