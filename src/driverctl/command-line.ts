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
  config: {
    type: 'string',
    help: '--config DIR     the folder with driverd.yaml, drivers.d and policy.d (default /etc/driverd)',
  },
  as: { type: 'string', help: '--as OTHER       another name for the profile and its methods' },
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
