import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { listSegments } from '../../src/shared/audit/segments.ts';

/** All lines of a log that nobody writes to any more, over its files. */
export async function logLines(path: string): Promise<string[]> {
  const segments = await listSegments(path);
  return segments.flatMap(({ path: file, isCompressed }) => {
    const bytes = readFileSync(file);
    return (isCompressed ? gunzipSync(bytes) : bytes).toString().split('\n').filter(Boolean);
  });
}

/** A record as a sink has it. */
export interface ReceivedRecord {
  readonly seq: number;
  readonly line: string;
}

/** What came of shipping a log. */
export interface Judgement {
  readonly written: number;
  readonly received: number;
  /** Received more than once, all further times counted. */
  readonly again: number;
  /** Numbers of records that never came. */
  readonly missing: readonly number[];
  /** Numbers of records that came, for the first time, after a later one. */
  readonly outOfOrder: readonly number[];
  /** Numbers of records that are not, byte for byte, what stands in the log. */
  readonly different: readonly number[];
}

/**
 * Compares what a sink has, in its order, with the lines of the log.
 *
 * @param first the number of the first line
 */
export function judge(received: Iterable<ReceivedRecord>, lines: readonly string[], first = 1): Judgement {
  const seen = new Set<number>();
  const outOfOrder: number[] = [];
  const different: number[] = [];
  let count = 0;
  let last = 0;
  for (const { seq, line } of received) {
    count += 1;
    if (line !== lines[seq - first]) different.push(seq);
    if (seen.has(seq)) continue;
    seen.add(seq);
    if (seq < last) outOfOrder.push(seq);
    last = Math.max(last, seq);
  }
  const missing = lines.map((_, index) => first + index).filter((seq) => !seen.has(seq));
  return { written: lines.length, received: count, again: count - seen.size, missing, outOfOrder, different };
}

const SYSLOG =
  /^<\d+>1 \S+ \S+ driverd-audit \d+ ([a-z-]+) \[driverd@32473((?: [a-z_]+="(?:[^"\\\]]|\\.)*")*)\] (.*)$/u;

/** A message of RFC 5424 as `driverctl audit ship` makes it; null: none of those. */
export function readSyslogMessage(
  text: string,
): { readonly event: string; readonly values: ReadonlyMap<string, string>; readonly content: string } | null {
  const [, event, parameters, content] = SYSLOG.exec(text) ?? [];
  if (event === undefined || parameters === undefined || content === undefined) return null;
  const pairs = [...parameters.matchAll(/([a-z_]+)="((?:[^"\\\]]|\\.)*)"/gu)];
  const values = new Map(pairs.map(([, name = '', value = '']) => [name, value.replace(/\\(.)/gu, '$1')]));
  return { event, values, content };
}

/** The records among messages; what is cut off by a kill is none. */
export function recordsOf(messages: readonly string[]): ReceivedRecord[] {
  return messages.flatMap((text) => {
    const message = readSyslogMessage(text);
    const seq = message?.values.get('seq');
    return message === null || seq === undefined ? [] : [{ seq: Number(seq), line: message.content }];
  });
}
