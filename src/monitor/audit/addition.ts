import type { Head } from '../../shared/audit/head-note.ts';
import { type PreparedRecord, sealRecord } from '../../shared/audit/record.ts';
import type { NoticePipe } from './notice-pipe.ts';
import type { Tail } from './tail.ts';

/** What one write brings to the log. */
export interface Addition {
  readonly bytes: Buffer;
  /** Where the log then ends. */
  readonly target: Head;
  readonly sync: boolean;
  /** Who is told by the thread that writes it that it stands, and which serials; null: nobody. */
  readonly notice: { readonly pipe: NoticePipe; readonly serials: readonly number[] } | null;
}

/** Makes the lines of records that go to disk together, behind what stands there. */
export function composeAddition(
  { after, closed }: Tail['next'],
  records: readonly PreparedRecord[],
): Addition {
  let { seq, hash } = after;
  let text = '';
  for (const record of records) {
    seq += 1;
    const sealed = sealRecord(record, seq, hash);
    text += sealed.line;
    hash = sealed.hash;
  }
  // Where the newline goes before it, `after` counts it already.
  const bytes = Buffer.from(text);
  const target = { seq, hash, bytes: after.bytes + bytes.length };
  return {
    ...{ bytes: closed ? bytes : Buffer.concat([Buffer.from('\n'), bytes]), target },
    ...{ sync: true, notice: null },
  };
}
