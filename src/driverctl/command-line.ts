import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { Failure } from './failure.ts';

/** Every option of every command; which command takes which stands in commands.ts. */
export const optionTable = {
  socket: {
    type: 'string',
    help: "--socket PATH    the daemon's socket (else $DRIVERD_SOCKET, /run/driverd/driverd.sock)",
  },
  'trust-uid': { type: 'string', help: '--trust-uid N    also trust a daemon that this user runs' },
  json: { type: 'boolean', help: '--json           print the result as one line of JSON' },
  verbose: {
    type: 'boolean',
    short: 'v',
    help: '-v, --verbose    print request id and what was applied on standard error',
  },
  raw: {
    type: 'boolean',
    help: "--raw            pass the program's stdin, stdout, stderr and exit status through",
  },
  timeout: { type: 'string', help: '--timeout MS     end the call after so many milliseconds' },
  reason: { type: 'string', help: '--reason TEXT    why, in your words; it stands in the audit log' },
  lines: {
    type: 'string',
    short: 'n',
    help: '-n, --lines N    how many of the last records or lines (default 10)',
  },
  follow: { type: 'boolean', short: 'f', help: '-f, --follow     print new ones as they come' },
  log: {
    type: 'string',
    help: '--log FILE       the audit log (else $DRIVERD_LOG, /var/log/driverd/audit.jsonl)',
  },
  state: {
    type: 'string',
    help: '--state DIR      the state folder (else $DRIVERD_STATE, /var/lib/driverd)',
  },
  key: {
    type: 'string',
    help: '--key FILE       keys of the seals that were kept elsewhere, as `audit key` prints them',
  },
  epoch: { type: 'string', help: '--epoch N        the key of this epoch (default 1, the first)' },
  current: { type: 'boolean', help: '--current        the key of the epoch that is not sealed yet' },
  config: {
    type: 'string',
    help: '--config DIR     the folder with driverd.yaml, drivers.d and policy.d (default /etc/driverd; scrub: none)',
  },
  values: {
    type: 'string',
    help: '--values FILE    secrets to mask besides, as lines NAME=VALUE',
  },
  explain: {
    type: 'boolean',
    help: '--explain        print rule, offset and length of each finding instead of the text; no value',
  },
  check: {
    type: 'boolean',
    help: '--check          print no text; the exit status says whether something was found',
  },
  as: {
    type: 'string',
    help: '--as OTHER       enable: another name for the profile and its methods; else: that user',
  },
  allow: {
    type: 'string',
    multiple: true,
    help: '--allow WHO      permit group:NAME, user:NAME, uid:N, gid:N or unit:NAME.service; repeatable',
  },
  grant: {
    type: 'string',
    multiple: true,
    help: '--grant WORD     grant what the driver asks for beyond the default sandbox; repeatable',
  },
  'accept-root': {
    type: 'string',
    help: '--accept-root WHY  with --grant user:root: why the driver must run as root; it is on record',
  },
  since: {
    type: 'string',
    help: '--since TIME     from then on: ISO 8601, today, yesterday, or so long ago: 90s, 15m, 2h, 3d, 1w',
  },
  until: { type: 'string', help: '--until TIME     up to then, likewise' },
  caller: { type: 'string', help: '--caller WHO     of that user: a name of this host, or a number' },
  driver: { type: 'string', help: "--driver NAME    of that driver: its profile's name" },
  method: { type: 'string', help: '--method METHOD  of that method' },
  end: { type: 'string', help: '--end WORD       of calls that ended so: ok, denied, timeout and so on' },
  event: { type: 'string', help: '--event EVENT    of that event: call-end, denied, launch and so on' },
  request: { type: 'string', help: '--request ID     of that request id' },
  trace: { type: 'string', help: '--trace ID       of that trace id' },
  hash: { type: 'string', help: '--hash HASH      with that hash of params' },
  session: { type: 'string', help: '--session N      of that session; each daemon counts them from 1' },
  limit: { type: 'string', help: '--limit N        only the newest N' },
  to: { type: 'string', help: '--to SINK        journald, syslog or stdout' },
  address: {
    type: 'string',
    help: '--address WHERE  a socket, or for syslog HOST or HOST:PORT over TLS (default /dev/log, or the journal)',
  },
  position: {
    type: 'string',
    help: '--position FILE  where to keep how far it has come (else $STATE_DIRECTORY/position)',
  },
  window: {
    type: 'string',
    help: '--window BYTES   syslog: so much of what was sent last is sent again after a break (default 8388608)',
  },
  ca: { type: 'string', help: '--ca FILE        TLS: who may vouch for the receiver, as PEM' },
  'server-name': {
    type: 'string',
    help: "--server-name NAME  TLS: the name in the receiver's certificate (else its host)",
  },
  'client-certificate': {
    type: 'string',
    help: '--client-certificate FILE  TLS: who this host is, as PEM',
  },
  'client-key': { type: 'string', help: '--client-key FILE  TLS: the key of that certificate, as PEM' },
  claims: {
    type: 'boolean',
    help: '--claims         list what the broker claimed and no fact bears out',
  },
  help: { type: 'boolean', short: 'h', help: '-h, --help       print help' },
} as const satisfies ParseArgsOptionsConfig & Record<string, { help: string }>;

export type OptionName = keyof typeof optionTable;

export type Options = {
  readonly [Name in OptionName]?: (typeof optionTable)[Name] extends { readonly multiple: true }
    ? readonly string[]
    : (typeof optionTable)[Name]['type'] extends 'string'
      ? string
      : boolean;
};

export interface CommandLine {
  readonly options: Options;
  readonly operands: readonly string[];
}

/**
 * Options and operands of a command line, in any order; after `--` everything is an operand.
 * Throws `Failure` (usage) for an unknown option or a missing value.
 */
export function parseCommandLine(words: readonly string[]): CommandLine {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: optionTable,
      allowPositionals: true,
    });
    return { options: values, operands: positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // The first sentence says what is wrong; Node's second one is advice about `--`.
    const [reason = 'it is not understood'] = error.message.split(/\.\s/u);
    throw new Failure('usage', `Cannot read the command line: ${reason.replace(/\.$/u, '')}`);
  }
}

/**
 * A whole number from an option.
 * Throws `Failure` (usage) unless `text` is decimal digits within `minimum` and `maximum`.
 */
export function wholeNumber(text: string, option: string, minimum: number, maximum: number): number {
  const value = /^[0-9]{1,15}$/u.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new Failure(
    'usage',
    `Cannot read ${option}: ${text} is no whole number from ${minimum} to ${maximum}`,
  );
}
