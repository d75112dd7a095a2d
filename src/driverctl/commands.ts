import { filterOptions } from './audit/filters.ts';
import type { OptionName } from './command-line.ts';
import { hashParams } from './commands/audit-hash.ts';
import { printAuditKey } from './commands/audit-key.ts';
import { resetAuditLog } from './commands/audit-reset.ts';
import { searchAuditLog } from './commands/audit-search.ts';
import { shipAuditLog } from './commands/audit-ship.ts';
import { showCall } from './commands/audit-show.ts';
import { showStatistics } from './commands/audit-stats.ts';
import { tailAuditLog } from './commands/audit-tail.ts';
import { verifyAuditLog } from './commands/audit-verify.ts';
import { callMethod } from './commands/call.ts';
import { describeMethod } from './commands/describe.ts';
import { disableDriver } from './commands/disable.ts';
import { examineHost } from './commands/doctor.ts';
import { enableDriver } from './commands/enable.ts';
import { helpText } from './commands/help.ts';
import { showIsolation } from './commands/isolation.ts';
import { listMethods } from './commands/list.ts';
import { showLogs } from './commands/logs.ts';
import { pauseDaemon } from './commands/pause.ts';
import { reloadConfiguration } from './commands/reload.ts';
import { resumeDaemon } from './commands/resume.ts';
import { showStatus } from './commands/status.ts';
import { showVersion } from './commands/version.ts';
import { exitCodes } from './exit-codes.ts';
import type { Invocation } from './invocation.ts';

/** One command: what it is called, what it takes, what does it. */
export interface CommandSpecification {
  /** One word, or two. */
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly notes: readonly string[];
  readonly options: readonly OptionName[];
  /** The most operands it takes. */
  readonly operands: number;
  /** Does it and returns the exit status. */
  readonly run: (invocation: Invocation) => number | Promise<number>;
}

const connecting: readonly OptionName[] = ['socket', 'trust-uid'];

/** Every command. The first word of each is no name for a driver's profile, which shares its place on the line. */
export const commands: readonly CommandSpecification[] = [
  {
    name: 'call',
    usage: 'call METHOD [PARAMS]',
    summary: 'call a method and print its result',
    notes: [
      'PARAMS is a JSON object, or - to read one from standard input, or name=value words;',
      'a value that is JSON counts as such, any other as a string.',
    ],
    options: [...connecting, 'json', 'verbose', 'raw', 'timeout', 'reason'],
    operands: Number.POSITIVE_INFINITY,
    run: callMethod,
  },
  {
    name: 'list',
    usage: 'list',
    summary: 'the methods that you may call',
    notes: [],
    options: [...connecting, 'json'],
    operands: 0,
    run: listMethods,
  },
  {
    name: 'describe',
    usage: 'describe METHOD',
    summary: 'params, result and errors of a method',
    notes: [],
    options: [...connecting, 'json'],
    operands: 1,
    run: describeMethod,
  },
  {
    name: 'status',
    usage: 'status',
    summary: 'what the daemon says about itself',
    notes: [],
    options: [...connecting, 'json'],
    operands: 0,
    run: showStatus,
  },
  {
    name: 'isolation',
    usage: 'isolation METHOD',
    summary: 'what a launch of a method would apply, without one',
    notes: ['The name of a driver will do.'],
    options: [...connecting, 'json'],
    operands: 1,
    run: showIsolation,
  },
  {
    name: 'logs',
    usage: 'logs DRIVER',
    summary: 'what a driver said on stderr and by its log messages',
    notes: ['It needs a permit for rpc.logs. The broker keeps the last 1 MiB, the journal more.'],
    options: [...connecting, 'lines', 'follow', 'json'],
    operands: 1,
    run: showLogs,
  },
  {
    name: 'scrub',
    usage: 'scrub [FILE]',
    summary: 'a text without its secrets, in a pipe or from a file',
    notes: [
      'It asks no daemon. FILE is standard input where it is left out, or -. Complete lines are passed on as they come.',
      'With --config the rules, exceptions and values of that driverd.yaml (DIR may be such a file) count too.',
      'With --json, --explain prints an object for each finding.',
    ],
    options: ['explain', 'check', 'config', 'values', 'json'],
    operands: 1,
    // The rules are many, and no other command needs them.
    run: async (invocation) => (await import('./commands/scrub.ts')).scrubText(invocation),
  },
  {
    name: 'doctor',
    usage: 'doctor',
    summary: 'what this host offers, what drivers would get, what to change',
    notes: ['It asks a daemon for its drivers where one answers.'],
    options: [...connecting, 'json'],
    operands: 0,
    run: examineHost,
  },
  {
    name: 'pause',
    usage: 'pause',
    summary: 'refuse all calls of drivers until resume',
    notes: ['It holds over a restart.'],
    options: [...connecting, 'json'],
    operands: 0,
    run: pauseDaemon,
  },
  {
    name: 'resume',
    usage: 'resume',
    summary: 'end a pause, on the host',
    notes: ['It edits the state folder: run it as root, or as the user of a rootless daemon.'],
    options: ['state', 'json'],
    operands: 0,
    run: resumeDaemon,
  },
  {
    name: 'reload',
    usage: 'reload',
    summary: 'have the daemon read its configuration anew, and wait for what comes of it',
    notes: [
      'It signals the daemon: run it as root, or as the user of a rootless daemon. Where a file is broken, the daemon keeps',
      'what it had and the exit status is not 0.',
    ],
    options: ['config', 'log', 'state', 'json'],
    operands: 0,
    run: reloadConfiguration,
  },
  {
    name: 'audit tail',
    usage: 'audit tail',
    summary: 'the last records of the audit log',
    notes: [],
    options: ['lines', 'follow', 'log', 'json'],
    operands: 0,
    run: tailAuditLog,
  },
  {
    name: 'audit search',
    usage: 'audit search',
    summary: 'records of the audit log that are all that the options ask for',
    notes: ['Without an option it is all records. Names of users are those of this host, today.'],
    options: ['since', 'until', ...filterOptions, 'limit', 'log', 'json'],
    operands: 0,
    run: searchAuditLog,
  },
  {
    name: 'audit show',
    usage: 'audit show REQUEST_ID',
    summary: 'all that the audit log tells of one call',
    notes: ["REQUEST_ID stands in a reply's errors, in what `call -v` prints, and in the records."],
    options: ['log', 'json'],
    operands: 1,
    run: showCall,
  },
  {
    name: 'audit stats',
    usage: 'audit stats',
    summary: 'how many calls came to what, and how long they took',
    notes: ['By driver, method and caller. Durations are those that the monitor saw.'],
    options: ['since', 'until', 'log', 'json'],
    operands: 0,
    run: showStatistics,
  },
  {
    name: 'audit ship',
    usage: 'audit ship --to SINK',
    summary: 'send the records of the audit log on to journald, syslog or stdout',
    notes: [
      'It runs until it is stopped: see driverd-ship.service. Run it as a member of the group driverd-audit, never as root.',
    ],
    options: [
      ...(['to', 'address', 'position', 'log', 'window'] as const),
      ...(['ca', 'server-name', 'client-certificate', 'client-key'] as const),
    ],
    operands: 0,
    run: shipAuditLog,
  },
  {
    name: 'audit verify',
    usage: 'audit verify [PATH...]',
    summary: 'whether the audit log is whole, and was sealed in its time',
    notes: [
      'With the state folder, so as root or as the user of a rootless daemon, it proves the log to its end; without it, as',
      'far as it is sealed, and says so. PATH is a folder with a copy, or files of one: these may be a part of a log.',
      'Only a key that was kept elsewhere tells a log from one that root made anew: give it with --key.',
    ],
    options: ['key', 'log', 'state', 'json', 'claims'],
    operands: Number.POSITIVE_INFINITY,
    run: verifyAuditLog,
  },
  {
    name: 'audit key',
    usage: 'audit key',
    summary: 'a key that the seals of the audit log are verified with',
    notes: [
      'Keep the first one where nobody who takes this host over can change it, and give it to `audit verify --key`.',
      'Of the seals before it a key proves that they were there when it was printed, of those behind it that they follow.',
    ],
    options: ['epoch', 'current', 'log', 'json'],
    operands: 0,
    run: printAuditKey,
  },
  {
    name: 'audit reset',
    usage: 'audit reset',
    summary: 'have the next start of the daemon begin a new audit log',
    notes: [
      'For a state folder that was lost, or a log that it does not know: the old files are kept beside the new ones, and the',
      'first record says who asked and why. The daemon must be stopped; run it as root, or as the user of a rootless daemon.',
    ],
    options: ['reason', 'state', 'json'],
    operands: 0,
    run: resetAuditLog,
  },
  {
    name: 'audit hash',
    usage: 'audit hash METHOD [PARAMS]',
    summary: 'what stands in the audit log for the params of a call',
    notes: [
      'PARAMS as for call, or a JSON array of params by position. It prints one hash for each key that there was; it asks',
      'no daemon, and reads the keys in the state folder: run it as root, or as the user of a rootless daemon.',
    ],
    options: ['state', 'config', 'json'],
    operands: Number.POSITIVE_INFINITY,
    run: hashParams,
  },
  {
    name: 'enable',
    usage: 'enable DRIVER',
    summary: 'write a profile for a driver, and who may call it',
    notes: [
      'It grants the default sandbox and the read paths that the driver asks for. Each wider thing that it asks for is',
      'named, and granted where --grant repeats it; a secret as --grant secret:NAME=/path/to/file.',
      'To run as root takes --grant user:root and --accept-root WHY.',
    ],
    options: ['as', 'allow', 'grant', 'accept-root', 'config', 'state', 'json'],
    operands: 1,
    run: enableDriver,
  },
  {
    name: 'disable',
    usage: 'disable NAME',
    summary: 'remove what enable has written',
    notes: ['NAME is that of the profile. Files that were edited since are kept.'],
    options: ['config', 'state', 'json'],
    operands: 1,
    run: disableDriver,
  },
  {
    name: 'help',
    usage: 'help [COMMAND]',
    summary: 'this text, or the options of a command',
    notes: [],
    options: [],
    operands: 2,
    run: ({ stdout, operands }) => {
      stdout.write(helpText(commands, operands));
      return exitCodes.ok.status;
    },
  },
  {
    name: 'version',
    usage: 'version',
    summary: 'the version of driverctl',
    notes: [],
    options: [],
    operands: 0,
    run: showVersion,
  },
];
