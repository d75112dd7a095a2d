import { createScrubStream } from '../../broker/scrub/stream.ts';
import { escapeForTerminal, escapeJsonForTerminal } from '../../shared/terminal/escape.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Invocation, Output } from '../invocation.ts';
import { createFindings, type Finding } from '../scrub/findings.ts';
import { bytesOf } from '../scrub/input.ts';
import { knownValues } from '../scrub/known-values.ts';

/** Takes the text piece by piece, and says in the end whether there was something to mask. */
interface Taking {
  write(chunk: Uint8Array): void;
  end(): boolean;
}

/**
 * `driverctl scrub [FILE]`: the text without its secrets; with `--explain` where they stand instead, with `--check` only
 * whether there are any. It asks no daemon. Returns the exit status. Throws `Failure`.
 */
export async function scrubText(invocation: Invocation): Promise<number> {
  const { options, operands, stdin, stdout } = invocation;
  if (options.json === true && options.explain !== true)
    throw new Failure('usage', 'Cannot scrub: --json goes with --explain');
  const known = knownValues(invocation);
  const print = options.explain === true ? printFindings(stdout, options.json === true) : () => undefined;
  const taking =
    options.explain === true || options.check === true
      ? takeFindings(createFindings(known), print)
      : takeText(createScrubStream(known), stdout);
  for await (const chunk of bytesOf(operands[0], stdin)) taking.write(chunk);
  const isFound = taking.end();
  return (options.check === true && isFound ? exitCodes.found : exitCodes.ok).status;
}

function takeText(stream: ReturnType<typeof createScrubStream>, stdout: Output): Taking {
  const print = stdout.isTerminal ? printForEyes(stdout) : (bytes: Uint8Array): void => stdout.write(bytes);
  return {
    write: (chunk) => print(stream.write(chunk)),
    end() {
      print(stream.end());
      return stream.counts.size > 0;
    },
  };
}

function takeFindings(
  findings: ReturnType<typeof createFindings>,
  print: (found: readonly Finding[]) => void,
): Taking {
  let isFound = false;
  const tell = (found: readonly Finding[]): void => {
    isFound ||= found.length > 0;
    print(found);
  };
  return {
    write: (chunk) => tell(findings.write(chunk)),
    end() {
      tell(findings.end());
      return isFound;
    },
  };
}

/** Bytes as text that does nothing to a terminal; a character may come in two pieces. */
function printForEyes(stdout: Output): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder();
  return (bytes) =>
    stdout.write(escapeForTerminal(decoder.decode(bytes, { stream: true }), { keepNewlines: true }));
}

function printFindings(stdout: Output, asJson: boolean): (found: readonly Finding[]) => void {
  return (found) => {
    if (found.length === 0) return;
    const lines = found.map(({ rule, offset, length }) =>
      asJson
        ? escapeJsonForTerminal(JSON.stringify({ rule, offset, length }))
        : `${escapeForTerminal(rule)} at ${offset}, ${length} ${length === 1 ? 'byte' : 'bytes'}`,
    );
    stdout.write(`${lines.join('\n')}\n`);
  };
}
