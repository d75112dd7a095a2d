import type { Calls } from '../calls.ts';
import type { AuditFields, AuditLog } from './log.ts';

/** Records between two `open-calls` records: a start after a crash reads back no further than the last of them. */
export const CHECKPOINT_RECORDS = 50_000;
/** Calls that one record names: it stays below LINE_BYTES_MAXIMUM whatever their methods are called. */
export const CALLS_PER_RECORD = 80;

/** Writes which calls are open, now and then. */
export interface Checkpoints {
  /** Told the number of each record that somebody waited for. */
  written(seq: number): void;
}

/**
 * Its records go into the log's queue in one turn, so that they hold exactly the calls whose intent stands before them
 * and whose outcome does not.
 * @param records how many may stand between two of them
 */
export function createCheckpoints(
  log: AuditLog,
  openCalls: Calls['openCalls'],
  records = CHECKPOINT_RECORDS,
): Checkpoints {
  let last = 0;
  return {
    written(seq) {
      if (last === 0) last = seq;
      if (seq - last < records) return;
      last = seq;
      // It tells nothing new, so one that is not written is made up for by the next.
      for (const { facts, claims } of partsOf(openCalls()))
        log.append('open-calls', facts, claims, false).catch(() => undefined);
    },
  };
}

function partsOf(
  calls: ReturnType<Calls['openCalls']>,
): readonly { readonly facts: AuditFields; readonly claims: AuditFields }[] {
  const parts = Math.max(1, Math.ceil(calls.length / CALLS_PER_RECORD));
  return Array.from({ length: parts }, (_, index) => {
    const some = calls.slice(index * CALLS_PER_RECORD, (index + 1) * CALLS_PER_RECORD);
    return {
      facts: {
        ...{ part: index + 1, parts, count: calls.length },
        calls: some.map(({ session, uid, launches }) => ({ session, uid, launches })),
      },
      claims: {
        calls: some.map(({ call, request, method, trace, span }) => ({
          ...{ call, request_id: request, method, trace_id: trace, span_id: span },
        })),
      },
    };
  });
}
