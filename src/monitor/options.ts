import { isAbsolute, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** The command line of `driverd`. */
export interface Options {
  /** Folder that holds driverd.yaml, drivers.d and policy.d. */
  readonly config: string;
  /** null: the path of the configuration. */
  readonly socket: string | null;
  /** Keys, locks and notes; root's alone. */
  readonly state: string;
  /** Accept a configuration marked `development: true`. */
  readonly development: boolean;
  /** The broker's user as `UID:GID`; null: the first of the configured range. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
}

/** Throws `TypeError` (node:util's, in plain words) for an unknown option. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string', default: '/etc/driverd' },
      socket: { type: 'string' },
      state: { type: 'string', default: '/var/lib/driverd' },
      development: { type: 'boolean', default: false },
      user: { type: 'string' },
    },
  });
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(path));
  return {
    config: absolute(values.config),
    socket: values.socket === undefined ? null : absolute(values.socket),
    state: absolute(values.state),
    development: values.development,
    user: values.user === undefined ? null : parseUser(values.user),
  };
}

function parseUser(text: string): { uid: number; gid: number } {
  const match = /^([1-9][0-9]{0,9}):([1-9][0-9]{0,9})$/.exec(text);
  if (match === null) throw new TypeError('Cannot use --user: it takes UID:GID, two numbers above 0');
  return { uid: Number(match[1]), gid: Number(match[2]) };
}
