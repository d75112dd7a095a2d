/**
 * The thread that looks at the lines of long texts, so that neither they nor those who wait for something short are held up.
 * It knows the rules and nothing else: no value of a secret, nothing of the configuration. Many texts take turns.
 */
import { parentPort } from 'node:worker_threads';
import { inTurns } from '../turns.ts';
import { findLineMatches } from './line-matches.ts';
import type { Asked, Told } from './messages.ts';

parentPort?.on('message', (asked: Asked) => void look(asked));

async function look({ number, bytes }: Asked): Promise<void> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let told: Told;
  try {
    told = { number, bytes, matches: await inTurns(findLineMatches(text)) };
  } catch {
    // What failed may quote the text.
    told = { number, bytes: null };
  }
  parentPort?.postMessage(told, told.bytes === null ? [] : [told.bytes.buffer]);
}
