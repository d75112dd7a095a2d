/** What starts the drivers of all attempts, and what is otherwise there. */
export interface AttemptSetting {
  /** Lines that every profile begins with. */
  readonly profile: string;
  /** Whether there are drivers on the checkout's Node, and with a network. */
  readonly node: boolean;
  readonly networks: boolean;
  /** Tests that say nothing here: title and reason. */
  readonly omitted: Readonly<Record<string, string>>;
}

const SANDBOX: AttemptSetting = { profile: '', node: true, networks: true, omitted: {} };
let chosen: AttemptSetting | undefined;

/** To be called before `attempts.test.ts` is imported: a file of tests runs the attempts once, in one setting. */
export function chooseAttemptSetting(setting: AttemptSetting): void {
  chosen = setting;
}

export function attemptSetting(): AttemptSetting {
  return chosen ?? SANDBOX;
}

const ITS_OWN = 'the root folder has one of its own: see what is seen of it';

/** On a root folder the whole view is another. */
export const OTHER_VIEW: AttemptSetting['omitted'] = {
  '/etc/shadow does not exist; a file that is granted can be read': ITS_OWN,
  'no home, no /root, no /var, no /sys, no /boot': ITS_OWN,
};

const NO_NETWORK =
  'a profile that grants a container a network is refused, and without one there is no socket';

export const IN_CONTAINER: AttemptSetting['omitted'] = {
  ...OTHER_VIEW,
  ...Object.fromEntries(
    [
      'the daemon’s own socket does not exist in any view',
      'a Unix socket below a granted path is out of reach without a network',
      'abstract sockets of the host are reached with its network alone',
      'loopback is its own, and only the host’s network reaches what listens on the host',
      'no address outside is reached without the host’s network: not the cloud’s metadata, not the internet',
      'netlink, packet and vsock sockets need their names; with the host’s network too',
      ...[
        '/run/dbus/system_bus_socket',
        '/run/docker.sock',
        '/var/run/docker.sock',
        '/run/systemd/notify',
      ].map((path) => `${path} does not exist in its view`),
      '/run/systemd/journal/stdout does not exist in its view',
    ].map((title) => [title, NO_NETWORK]),
  ),
  'the 32-bit entry of the kernel is closed (X7)': 'who enters there is ended by SIGSYS, instead of refused',
};
