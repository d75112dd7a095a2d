import { filterOptions } from './audit/filters.ts';
import type { CommandSpecification } from './command-specification.ts';
import { hashParams } from './commands/audit-hash.ts';
import { printAuditKey } from './commands/audit-key.ts';
import { resetAuditLog } from './commands/audit-reset.ts';
import { searchAuditLog } from './commands/audit-search.ts';
import { shipAuditLog } from './commands/audit-ship.ts';
import { showCall } from './commands/audit-show.ts';
import { showStatistics } from './commands/audit-stats.ts';
import { tailAuditLog } from './commands/audit-tail.ts';
import { verifyAuditLog } from './commands/audit-verify.ts';

/** What looks at the audit log. */
export const auditCommands: readonly CommandSpecification[] = [
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
];
