import { parseCommandLine } from './command-line.ts';
import type { CommandSpecification } from './command-specification.ts';
import { helpText } from './commands/help.ts';
import { commands } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { Invocation, Surroundings } from './invocation.ts';
import { failureText } from './print/failure-text.ts';

/**
 * Does what a command line asks, reports a failure on standard error and returns the exit status.
 * Throws only what is a fault of driverctl itself.
 */
export async function runDriverctl(words: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    const { options, operands } = parseCommandLine(words);
    if (options.help === true) {
      surroundings.stdout.write(helpText(commands, nameWords(operands)));
      return exitCodes.ok.status;
    }
    const command = findCommand(operands);
    const used = command.name.split(' ').length;
    const invocation: Invocation = { ...surroundings, options, operands: operands.slice(used) };
    refuseSurplus(command, invocation);
    return await command.run(invocation);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    surroundings.stderr.write(failureText(error, isAsked('--json', words)));
    // In the place of sudo the program's own exit status must be told from ours.
    const isOurs = isAsked('--raw', words) && error.exit !== 'interrupted';
    return isOurs ? exitCodes.raw.status : exitCodes[error.exit].status;
  }
}

/** Whether a flag stands among the options, also on a line that cannot be understood as a whole. */
function isAsked(flag: string, words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words.slice(0, end === -1 ? words.length : end).includes(flag);
}

/** The words that name a command, without its operands. */
function nameWords(operands: readonly string[]): readonly string[] {
  const exact = commands.find(({ name }) => `${operands.join(' ')} `.startsWith(`${name} `));
  return exact === undefined ? operands : exact.name.split(' ');
}

function findCommand(operands: readonly string[]): CommandSpecification {
  const [first, second] = operands;
  if (first === undefined) {
    throw new Failure('usage', 'Cannot run: the command is missing; `driverctl help` lists them');
  }
  const command = commands.find(({ name }) => name === first || name === `${first} ${second}`);
  if (command === undefined) {
    throw new Failure(
      'usage',
      `Cannot run ${first}: there is no such command; \`driverctl help\` lists them`,
    );
  }
  return command;
}

function refuseSurplus(command: CommandSpecification, { options, operands }: Invocation): void {
  const unknown = Object.keys(options).find((name) => !command.options.some((known) => known === name));
  if (unknown !== undefined) {
    throw new Failure('usage', `Cannot run ${command.name}: it has no option --${unknown}`);
  }
  if (operands.length > command.operands) {
    throw new Failure('usage', `Cannot run ${command.name}: there are more words than it takes`);
  }
}
