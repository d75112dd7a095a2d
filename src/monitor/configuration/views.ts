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

/** What programs need of /etc to find names and to trust certificates on the host's network. */
export function networkView(): readonly Mount[] {
  return [
    '/etc/resolv.conf',
    '/etc/host.conf',
    '/etc/gai.conf',
    '/etc/ssl',
    '/etc/ca-certificates',
    '/etc/pki',
  ]
    .filter((path) => existsSync(path))
    .map((path): Mount => ({ kind: 'read', source: path, target: path }));
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
