import { optionTable } from '../command-line.ts';
import type { CommandSpecification } from '../command-specification.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { tableLines } from '../print/table.ts';

/** The overview of all commands, or the help of the one that `words` name. Throws `Failure` (usage) for an unknown one. */
export function helpText(commands: readonly CommandSpecification[], words: readonly string[]): string {
  if (words.length === 0) return overview(commands);
  const matching = commands.filter(({ name }) => `${name} `.startsWith(`${words.join(' ')} `));
  if (matching.length === 0)
    throw new Failure('usage', `Cannot help with ${words.join(' ')}: no such command`);
  return matching.map(commandHelp).join('\n');
}

function overview(commands: readonly CommandSpecification[]): string {
  const rows = commands.map(({ usage, summary }) => [`  driverctl ${usage}`, summary]);
  const codes = Object.values(exitCodes).map(({ status, meaning }) => [`  ${status}`, meaning]);
  return [
    'driverctl: ask driverd for host actions, and look at its audit log',
    '',
    ...tableLines(rows),
    '',
    '`driverctl help COMMAND` shows the options of a command. Exit status:',
    '',
    ...tableLines(codes),
    '',
  ].join('\n');
}

function commandHelp({ usage, summary, options, notes }: CommandSpecification): string {
  const lines = options.map((name) => `  ${optionTable[name].help}`);
  return [`driverctl ${usage}`, `  ${summary}`, ...notes.map((note) => `  ${note}`), '', ...lines, ''].join(
    '\n',
  );
}
