import type { JsonValue } from '../shared/json-value.ts';
import type { Options } from './command-line.ts';

/** Where driverctl prints: standard output or standard error. */
export interface Output {
  readonly isTerminal: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
  /** Writes all of it. Throws what `fs.writeSync` throws. */
  write(content: string | Uint8Array): void;
}

/** Standard input. */
export interface Input {
  readonly isTerminal: boolean;
  /** Reads to the end. Throws `Failure` (usage) over `limit` bytes. */
  readAll(limit: number): Promise<Buffer>;
  /** Its bytes as they come. Throws `Failure` (usage) where it cannot be read. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** What driverctl finds around it. */
export interface Surroundings {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Has `listener` called at each Ctrl-C, which then no longer ends driverctl; call the answer to have that back. */
  onInterrupt(listener: () => void): () => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The user who runs driverctl. */
  readonly uid: number;
}

/** One command with its options and operands. */
export interface Invocation extends Surroundings {
  readonly options: Options;
  readonly operands: readonly string[];
}

/** What a command hands to the printer. */
export interface Report {
  readonly json: JsonValue;
  /** Made only where a terminal shows it. */
  readonly human: () => string;
}
