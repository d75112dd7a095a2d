import type { OptionName } from './command-line.ts';
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

/** Options of every command that connects to the daemon. */
export const connecting: readonly OptionName[] = ['socket', 'trust-uid'];
