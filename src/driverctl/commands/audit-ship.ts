import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { auditLogPath } from '../audit/places.ts';
import { wholeNumber } from '../command-line.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import type { TlsTrust } from '../ship/connect-stream.ts';
import { JOURNAL_SOCKET, journaldSink } from '../ship/journald-sink.ts';
import { openPositionFile } from '../ship/position-file.ts';
import { shipLog } from '../ship/ship-log.ts';
import type { Sink } from '../ship/sink.ts';
import { stdoutSink } from '../ship/stdout-sink.ts';
import { LOCAL_SOCKET, readSyslogAddress } from '../ship/syslog-address.ts';
import { syslogSink } from '../ship/syslog-sink.ts';

const STANDARD_OUTPUT = 1;
const POSITION_FILE = 'position';
/** Above what Linux lets a connection hold by itself (tcp_rmem of tcp(7): 6 MiB). */
const DEFAULT_WINDOW_BYTES = 8_388_608;
const LARGEST_WINDOW_BYTES = 268_435_456;

/** `driverctl audit ship`: sends the log's records on, until SIGTERM or SIGINT. Returns the exit status. */
export async function shipAuditLog(invocation: Invocation): Promise<number> {
  const sink = await sinkOf(invocation);
  const position = await openPositionFile(positionPath(invocation));
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  await shipLog({
    ...{ path: auditLogPath(invocation), sink, position, signal: stop.signal },
    report: (line) => invocation.stderr.write(`driverctl: ${escapeForTerminal(line)}\n`),
  });
  return exitCodes.ok.status;
}

async function sinkOf({ options, stdout }: Invocation): Promise<Sink> {
  const { to, address } = options;
  if (to === 'journald') {
    refuse(options, ['window', ...TLS_OPTIONS], 'journald');
    if (address !== undefined && !address.startsWith('/'))
      throw new Failure('usage', `Cannot read --address: ${address} is no path of a socket`);
    return journaldSink({ socket: address ?? JOURNAL_SOCKET });
  }
  if (to === 'stdout') {
    refuse(options, ['address', 'window', ...TLS_OPTIONS], 'stdout');
    // The lines go out as they stand (U1).
    if (stdout.isTerminal)
      throw new Failure('usage', 'Cannot ship to a terminal: `driverctl audit tail -f` is for eyes');
    return stdoutSink(STANDARD_OUTPUT);
  }
  if (to !== 'syslog') throw new Failure('usage', 'Cannot ship: --to is journald, syslog or stdout');
  const where = readSyslogAddress(address ?? LOCAL_SOCKET);
  if (where.kind === 'unix') refuse(options, TLS_OPTIONS, 'a local socket');
  const window =
    options.window === undefined
      ? DEFAULT_WINDOW_BYTES
      : wholeNumber(options.window, '--window', 0, LARGEST_WINDOW_BYTES);
  return syslogSink(where, window, await tlsTrust(options));
}

const TLS_OPTIONS = ['ca', 'server-name', 'client-certificate', 'client-key'] as const;
type ShipOption = (typeof TLS_OPTIONS)[number] | 'address' | 'window';

/** An option that would change nothing is a mistake. */
function refuse(options: Invocation['options'], names: readonly ShipOption[], what: string): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given !== undefined) throw new Failure('usage', `Cannot ship to ${what}: --${given} is not for it`);
}

async function tlsTrust(options: Invocation['options']): Promise<TlsTrust> {
  const { ca, 'server-name': serverName = null } = options;
  const { 'client-certificate': certificate, 'client-key': key } = options;
  if ((certificate === undefined) !== (key === undefined))
    throw new Failure('usage', 'Cannot ship: --client-certificate and --client-key need each other');
  return {
    serverName,
    authorities: ca === undefined ? null : await readPem(ca),
    own:
      certificate === undefined || key === undefined
        ? null
        : { certificate: await readPem(certificate), key: await readPem(key) },
  };
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Failure('usage', `Cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** `--position`, else in the state folder that systemd made (systemd.exec(5), StateDirectory=). */
function positionPath({ options, environment }: Invocation): string {
  if (options.position !== undefined) return options.position;
  const folder = environment['STATE_DIRECTORY'];
  if (folder) return join(folder, POSITION_FILE);
  throw new Failure('usage', 'Cannot ship: --position says where to keep how far it has come');
}
