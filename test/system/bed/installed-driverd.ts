import { setTimeout } from 'node:timers/promises';
import type { Message } from '../../support/client.ts';
import type { AuditRecord } from '../../support/daemon.ts';
import type { Bed } from './bed.ts';

const SOCKET = '/run/driverd/driverd.sock';
const LOG = '/var/log/driverd/audit.jsonl';
/** The tests' own drivers, in the bed's checkout. */
const DRIVERS = '/srv/driverd/test/fixtures/drivers';
const ANSWERS_WITHIN_SECONDS = 240;

/** The driverd that is installed in a bed, run by the units that it comes with. */
export interface InstalledDriverd {
  /** Stops it, writes a configuration, and lets its socket listen anew. */
  configure(profiles: Readonly<Record<string, string>>, settings?: string): Promise<void>;
  /** Starts or restarts the service with what is there. */
  restart(): Promise<void>;
  /** One call over a connection of its own, as root. */
  call(method: string, params?: unknown): Promise<Message>;
  /** One call that nobody waits for. */
  callInBackground(method: string): Promise<void>;
  records(): Promise<readonly AuditRecord[]>;
  property(name: string): Promise<string>;
  /** What driverd itself wrote to the journal since it was configured, one line each. */
  journal(): Promise<readonly string[]>;
}

export function installedDriverd(bed: Bed): InstalledDriverd {
  let earlierLines = 0;
  // Not from a cursor on: with a filter that leaves out the first line that matches.
  const journalLines = async (): Promise<readonly string[]> => {
    const script = 'journalctl --sync && journalctl --quiet --no-pager --identifier driverd --output cat';
    return (await bed.sh(script)).split('\n').filter(Boolean);
  };
  const request = (method: string, params: unknown): string =>
    `${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`;
  const property = async (name: string): Promise<string> =>
    (await bed.sh(`systemctl show --property ${name} --value driverd.service`)).trim();
  return {
    async configure(profiles, settings = '') {
      await bed.sh(
        [
          'systemctl stop driverd.socket driverd.service 2>&1',
          'rm -rf /etc/systemd/system/driverd.service.d /etc/systemd/system/driverd.socket.d',
          'rm -f /etc/driverd/drivers.d/*.yaml /etc/driverd/policy.d/test.cedar',
          'systemctl daemon-reload',
          'systemctl reset-failed driverd.socket driverd.service 2>/dev/null',
          'true',
        ].join('\n'),
      );
      const paths = `driver_paths: [/usr/lib/driverd/drivers, ${DRIVERS}]\n`;
      await bed.write('/etc/driverd/driverd.yaml', `version: 1\n${paths}${settings}`);
      for (const [name, text] of Object.entries(profiles))
        await bed.write(`/etc/driverd/drivers.d/${name}.yaml`, `version: 1\n${text}`);
      await bed.write(
        '/etc/driverd/policy.d/test.cedar',
        'permit(principal == Uid::"0", action in Action::"call", resource);\n',
      );
      earlierLines = (await journalLines()).length;
      await bed.sh('systemctl start driverd.socket');
    },
    async restart() {
      await bed.sh('systemctl restart driverd.service');
    },
    async call(method, params = {}) {
      const words = ['socat', '-t', String(ANSWERS_WITHIN_SECONDS), '-', `UNIX-CONNECT:${SOCKET}`];
      const { stdout, stderr } = await bed.run(words, { input: request(method, params), timeoutMs: 290_000 });
      const [line = ''] = stdout.split('\n');
      if (line === '') throw new Error(`Cannot call ${method}: no answer; ${stderr}`);
      const reply: Message = JSON.parse(line);
      return reply;
    },
    async callInBackground(method) {
      await bed.write('/run/driverd-test-request', request(method, {}));
      const call = `socat -t ${ANSWERS_WITHIN_SECONDS} - UNIX-CONNECT:${SOCKET}`;
      await bed.sh(`setsid ${call} < /run/driverd-test-request > /dev/null 2>&1 &`);
    },
    async records() {
      const text = await bed.read(LOG);
      return text
        .split('\n')
        .filter(Boolean)
        .map((line): AuditRecord => JSON.parse(line));
    },
    property,
    async journal() {
      return (await journalLines()).slice(earlierLines);
    },
  };
}

/** Asks again until it is so. */
export async function until(isSo: () => Promise<boolean>, withinMs = 120_000): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error('Cannot wait any longer');
    await setTimeout(200);
  }
}
