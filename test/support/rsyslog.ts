import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificates } from './certificates.ts';
import { patience } from './patience.ts';

/** How a message comes in: one of rsyslog's own inputs each. */
export type RsyslogInput = 'unix datagram' | 'unix stream' | 'tls';

/** A real rsyslogd with a configuration of its own. */
export interface Rsyslog {
  /** For `--address`. */
  readonly address: string;
  /** Options that TLS needs beside it. */
  readonly options: readonly string[];
  start(): Promise<void>;
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** It reads no more, while its kernel goes on taking. */
  hang(): void;
  /** Bytes of all that it has written. */
  size(): number;
  /** Each message as it came, in the order in which rsyslogd wrote them, but for what a kill has cut off. */
  messages(): readonly string[];
}

const STARTS_WITHIN_MS = 20_000 * patience;
/** Records are up to 64 KiB; rsyslogd cuts messages off at 8 KiB otherwise. */
const GLOBAL = 'global(maxMessageSize="128k" workDirectory="$FOLDER" $TLS)\n';
/** Stands behind each message that was written to its end. */
const WHOLE = '|whole';
/**
 * What was written before a kill may end within a message: so each begins with a newline of its own, and its end shows.
 * The queue between input and output is rsyslogd's own default, in memory.
 */
const OUTPUT =
  `template(name="asReceived" type="string" string="\\n%rawmsg%${WHOLE}\\n")\n` +
  'action(type="omfile" file="$FOLDER/received" template="asReceived")\n';

const INPUTS: Readonly<Record<RsyslogInput, string>> = {
  'unix datagram':
    'module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" socket="$FOLDER/socket" unlink="on")\n',
  'unix stream':
    'module(load="imptcp")\ninput(type="imptcp" path="$FOLDER/socket" unlink="on" fileCreateMode="0666")\n',
  tls:
    'module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/name"' +
    ' permittedPeer=["shipper.example"])\ninput(type="imtcp" address="127.0.0.1" port="$PORT")\n',
};

/** @param port that nobody listens on, for TLS */
export function playRsyslog(folder: string, input: RsyslogInput, port: number): Rsyslog {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const received = join(folder, 'received');
  const certificates = input === 'tls' ? makeCertificates(folder) : null;
  const tls =
    certificates === null
      ? ''
      : `defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${certificates.authority}" ` +
        `defaultNetstreamDriverCertFile="${certificates.server}.pem" ` +
        `defaultNetstreamDriverKeyFile="${certificates.server}.key"`;
  const configuration = join(folder, 'rsyslog.conf');
  writeFileSync(
    configuration,
    `${GLOBAL}${INPUTS[input]}${OUTPUT}`
      .replaceAll('$FOLDER', folder)
      .replaceAll('$PORT', String(port))
      .replaceAll('$TLS', tls),
  );
  const socket = join(folder, 'socket');
  let child: ChildProcess | null = null;
  let ended: Promise<unknown> = Promise.resolve();
  let output = '';

  const answers = (): boolean =>
    input === 'tls' ? isListening(port) : existsSync(socket) && isBound(socket);

  return {
    address: input === 'tls' ? `localhost:${port}` : socket,
    options:
      certificates === null
        ? []
        : [
            ...['--ca', certificates.authority, '--server-name', 'receiver.example'],
            ...['--client-certificate', `${certificates.client}.pem`],
            ...['--client-key', `${certificates.client}.key`],
          ],
    async start() {
      const words = ['--pdeathsig', 'KILL', 'rsyslogd', '-n', '-f', configuration, '-i', 'NONE'];
      const path = `${process.env['PATH'] ?? ''}:/usr/sbin`;
      child = spawn('setpriv', words, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, PATH: path },
      });
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Buffer) => {
          output += chunk.toString();
        });
      const started = child;
      ended = new Promise((resolve) => started.once('exit', resolve));
      const giveUpAt = performance.now() + STARTS_WITHIN_MS;
      while (!answers()) {
        const end = started.exitCode ?? started.signalCode;
        if (end !== null || performance.now() > giveUpAt)
          throw new Error(
            `Cannot start rsyslogd for a test: it ended with ${end ?? 'nothing yet'}\n${output}`,
          );
        await sleep(20);
      }
    },
    async end(signal) {
      child?.kill(signal);
      await ended;
    },
    hang: () => void child?.kill('SIGSTOP'),
    size: () => statSync(received, { throwIfNoEntry: false })?.size ?? 0,
    messages() {
      if (!existsSync(received)) return [];
      const lines = readFileSync(received, 'utf8').split('\n');
      return lines.filter((line) => line.endsWith(WHOLE)).map((line) => line.slice(0, -WHOLE.length));
    },
  };
}

/** Whether a process has bound the socket of that name: a file alone may be left of a killed one. */
function isBound(path: string): boolean {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(` ${path}`));
}

/** Whether a process listens on that port of the loopback; a connection to find out would be one more message's. */
function isListening(port: number): boolean {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const listening = '0A';
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/u))
    .some(([, address, , state]) => address === local && state === listening);
}
