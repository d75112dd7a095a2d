import { auditCommands } from './audit-commands.ts';
import { type CommandSpecification, connecting } from './command-specification.ts';
import { callMethod } from './commands/call.ts';
import { explainOneCall } from './commands/can.ts';
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
import { showWhoCan } from './commands/who-can.ts';
import { exitCodes } from './exit-codes.ts';

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
    name: 'can',
    usage: 'can METHOD [PARAMS]',
    summary: 'whether a call would be permitted, and why; nothing runs',
    notes: ['PARAMS as for call. With --as USER: whether that user of this host would be permitted.'],
    options: [...connecting, 'json', 'as'],
    operands: Number.POSITIVE_INFINITY,
    run: explainOneCall,
  },
  {
    name: 'who-can',
    usage: 'who-can METHOD',
    summary: 'whom policies permit a method, what its driver is granted, and who used it last',
    notes: ['Who used it last is read from the audit log, by root and its readers.'],
    options: [...connecting, 'json', 'log'],
    operands: 1,
    run: showWhoCan,
  },
  {
    name: 'list',
    usage: 'list',
    summary: 'the methods that you may call',
    notes: [
      'With --as USER: what that user of this host may call, by which policies, and when it was used last.',
    ],
    options: [...connecting, 'json', 'as', 'log'],
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
  ...auditCommands,
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
