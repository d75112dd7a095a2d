import type { EventEmitter } from 'node:events';
import { runDriverctl } from '../../src/driverctl/run.ts';

export interface Played {
  readonly stdinText?: string | Buffer;
  readonly stdinIsTerminal?: boolean;
  readonly terminal?: boolean;
  /** Where it differs from `terminal`. */
  readonly stdoutIsTerminal?: boolean;
  readonly environment?: Record<string, string>;
  /** Its `interrupt` is a Ctrl-C. */
  readonly interrupts?: EventEmitter;
}

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs driverctl in this process with outputs that remember. */
export async function run(words: readonly string[], played: Played = {}): Promise<Ran> {
  const written = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const output = (name: 'stdout' | 'stderr') => ({
    isTerminal: (name === 'stdout' ? played.stdoutIsTerminal : undefined) ?? played.terminal ?? false,
    columns: 80,
    write: (content: string | Uint8Array) => void written[name].push(Buffer.from(content)),
  });
  const status = await runDriverctl(words, {
    stdin: {
      isTerminal: played.stdinIsTerminal ?? played.stdinText === undefined,
      readAll: async () => Buffer.from(played.stdinText ?? ''),
      async *chunks() {
        yield Buffer.from(played.stdinText ?? '');
      },
    },
    stdout: output('stdout'),
    stderr: output('stderr'),
    onInterrupt(listener) {
      played.interrupts?.on('interrupt', listener);
      return () => void played.interrupts?.off('interrupt', listener);
    },
    environment: played.environment ?? {},
    uid: process.geteuid?.() ?? -1,
  });
  return {
    status,
    stdout: Buffer.concat(written.stdout).toString('latin1'),
    stderr: Buffer.concat(written.stderr).toString('latin1'),
  };
}
