/**
 * The thread that looks at the lines of long texts, so that neither they nor those who wait for something short are held up.
 * It knows the rules and nothing else: no value of a secret, nothing of the configuration. Many texts take turns.
 */
import { parentPort } from 'node:worker_threads';
import { inTurns } from '../turns.ts';
import { findLineMatches } from './line-matches.ts';
import type { Asked, Said } from './messages.ts';

function say(said: Said, moved: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(said, moved);
}

async function look({ number, bytes }: Asked): Promise<void> {
  try {
    const matches = await inTurns(findLineMatches(Buffer.from(bytes.buffer)));
    say({ kind: 'looked', number, bytes, matches }, [bytes.buffer]);
  } catch {
    // What failed may quote the text.
    say({ kind: 'failed', number });
  }
}

parentPort?.on('message', (asked: Asked) => void look(asked));
say({ kind: 'ready' });
