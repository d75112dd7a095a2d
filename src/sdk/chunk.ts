import { isUtf8 } from 'node:buffer';
import { writeLine } from './lines.ts';

/** Longest part of one notification, in bytes: as JSON it is six times as long at most, and a line may have 1 MiB. */
const LONGEST_BYTES = 65_536;

/**
 * Sends a part of a streamed result as `chunk` notifications (protocol/driver-protocol.md).
 * @throws Error if stdout cannot be written
 */
export function sendChunk(data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  for (let from = 0; from < bytes.length; from += LONGEST_BYTES) {
    const part = Buffer.from(bytes.subarray(from, from + LONGEST_BYTES));
    // A character that was cut in two makes base64 of both parts: the bytes are the same.
    const said = isUtf8(part) ? part.toString() : { base64: part.toString('base64') };
    writeLine({ jsonrpc: '2.0', method: 'chunk', params: { data: said } });
  }
}
