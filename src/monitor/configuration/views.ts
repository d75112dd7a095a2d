import { existsSync, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Installation } from '../installation.ts';
import type { Mount } from '../launch/sandbox.ts';
import { copySystemFile } from './system-files.ts';

/** What programs of a distribution expect below /etc. */
const ETC_ENTRIES: readonly string[] = [
  ...['passwd', 'group', 'nsswitch.conf', 'os-release', 'localtime', 'ld.so.cache', 'alternatives'],
];
/** What they need besides to find names and to trust certificates, with a network. No folder of private keys, for root's sake. */
const ETC_NETWORK_ENTRIES: readonly string[] = [
  ...['hosts', 'services', 'protocols', 'resolv.conf', 'host.conf', 'gai.conf', 'ca-certificates'],
  ...[
    'ssl/certs',
    'ssl/openssl.cnf',
    'pki/ca-trust',
    'pki/tls/certs',
    'pki/tls/cert.pem',
    'pki/tls/openssl.cnf',
  ],
];
/** Permission bits of those who are neither the owner nor in the group. */
const FOR_OTHERS = 0o007;
const KEYS_BY_OWNER = '/proc/keys';
const MERGED_INTO_USR = ['/bin', '/sbin', '/lib', '/lib64'];

/** Where node, drivers, the SDK and the broker's own files stand inside their sandboxes: no path of the host shows. */
export const INSIDE = {
  node: '/node',
  driver: '/driver',
  secrets: '/run/secrets',
  sdk: '/node_modules/driverd',
  broker: '/driverd',
} as const;

/**
 * The devices of every sandbox; bubblewrap's own --dev makes more mounts. Without a terminal none is missed, and random
 * is urandom since Linux 5.6 (random(4)).
 */
const DEVICES = ['/dev/null', '/dev/zero', '/dev/urandom'];
const DEVICE_LINKS: readonly (readonly [target: string, to: string])[] = [
  ['/dev/random', 'urandom'],
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  // POSIX shared memory lies in the private /tmp, within its size.
  ['/dev/shm', '/tmp'],
];

/**
 * The minimal read-only system, as this host has it; read once when configuration is loaded. Small files below /etc are
 * copies: what changes on the host shows after the next reload.
 */
export function systemView(): readonly Mount[] {
  const merged = MERGED_INTO_USR.filter((path) => existsSync(path)).map((path): Mount => {
    const isLink = lstatSync(path).isSymbolicLink();
    return isLink
      ? { kind: 'link', to: readlinkSync(path), target: path }
      : { kind: 'read', source: path, target: path };
  });
  return [
    { kind: 'read', source: '/usr', target: '/usr' },
    ...merged,
    ...etcView(ETC_ENTRIES),
    ...deviceView(),
  ];
}

/** /dev, as every sandbox has it. */
export function deviceView(): readonly Mount[] {
  const devices = DEVICES.map((path): Mount => ({ kind: 'device', source: path, target: path }));
  const links = DEVICE_LINKS.map(([target, to]): Mount => ({ kind: 'link', to, target }));
  return [...devices, ...links];
}

/**
 * Files of /proc that are closed to all but root: memory, kernel messages, addresses (proc(5)); and the one that shows each
 * user their own keys. Those too that somebody has covered here, as containers are: a /proc of one's own shows them again.
 */
export function rootOnlyProcFiles(): readonly string[] {
  return readdirSync('/proc', { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.isSymbolicLink())
    .map((entry) => ({ isCovered: !entry.isFile(), path: join('/proc', entry.name) }))
    .filter(
      ({ isCovered, path }) =>
        isCovered || path === KEYS_BY_OWNER || (statSync(path).mode & FOR_OTHERS) === 0,
    )
    .map(({ path }) => path);
}

/** What programs need of /etc with a network. */
export function networkView(): readonly Mount[] {
  return etcView(ETC_NETWORK_ENTRIES);
}

function etcView(names: readonly string[]): readonly Mount[] {
  return names
    .map((name) => join('/etc', name))
    .filter((path) => existsSync(path))
    .map((path): Mount => {
      const content = copySystemFile(path);
      return content === null
        ? { kind: 'read', source: path, target: path }
        : { kind: 'copy', content, target: path };
    });
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
