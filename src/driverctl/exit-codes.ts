import type { ErrorReason } from '../shared/errors.ts';

/** One way for driverctl to end. `reasons` are the words of protocol/errors.json that end it so. */
export interface ExitCode {
  readonly status: number;
  readonly meaning: string;
  readonly reasons: readonly ErrorReason[];
}

/** Every exit status of driverctl (docs/driverctl.md has the same table; a test holds them equal). */
export const exitCodes = {
  ok: { status: 0, meaning: 'done', reasons: [] },
  output: { status: 1, meaning: 'the result cannot be written to standard output', reasons: [] },
  usage: { status: 2, meaning: 'the command line is wrong', reasons: [] },
  connection: {
    status: 3,
    meaning:
      'cannot connect, the socket or the server is not to be trusted, or the answer breaks the protocol',
    reasons: [],
  },
  denied: { status: 4, meaning: 'the policy does not permit it', reasons: ['forbidden'] },
  invalid: {
    status: 5,
    meaning: 'the params do not fit the method, or there is no such method',
    reasons: ['invalid-params', 'method-not-found', 'message-too-large'],
  },
  driver: {
    status: 6,
    meaning: 'the driver failed, or reported an error of its own',
    reasons: [
      'driver-failed',
      'driver-bad-output',
      'output-limit',
      'resource-limit',
      'driver-error',
      'launch-refused',
      'outcome-unrecorded',
    ],
  },
  timeout: { status: 7, meaning: 'a time limit was reached', reasons: ['timeout'] },
  refused: {
    status: 8,
    meaning: 'refused for now; the same call may pass later',
    reasons: [
      'overloaded',
      'rate-limited',
      'audit-unavailable',
      'shutting-down',
      'paused',
      'driver-unavailable',
      'driver-restarted',
      'too-many-connections',
      'cancelled',
    ],
  },
  tampered: {
    status: 9,
    meaning: '`audit verify` found a bad record, or with `--claims` a claim that no fact bears out',
    reasons: [],
  },
  other: {
    status: 10,
    meaning: 'anything else',
    reasons: ['internal-error', 'parse-error', 'invalid-request', 'message-timeout', 'http-not-spoken'],
  },
  found: { status: 11, meaning: '`scrub --check` found something to mask', reasons: [] },
  raw: { status: 125, meaning: "with `--raw`: any failure that is not the program's own", reasons: [] },
  interrupted: { status: 130, meaning: 'Ctrl-C: the call was cancelled, or left', reasons: [] },
} as const satisfies Record<string, ExitCode>;

export type ExitName = keyof typeof exitCodes;

const nameOfReason: ReadonlyMap<string, ExitName> = new Map(
  (Object.keys(exitCodes) as ExitName[]).flatMap((name) =>
    exitCodes[name].reasons.map((reason): [string, ExitName] => [reason, name]),
  ),
);

/** How driverctl ends for a daemon's `data.reason`; `other` for a word it does not know. */
export function exitForReason(reason: string): ExitName {
  return nameOfReason.get(reason) ?? 'other';
}
