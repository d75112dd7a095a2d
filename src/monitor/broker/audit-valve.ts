import { createMeter } from '../rate.ts';
import type { BrokerLink } from './broker-link.ts';

/** Records asked for and not yet written, before the broker's audit channel is no longer read. */
const MAXIMUM_UNWRITTEN = 1_024;
/** Longest time for which the channel is not read before the bounds are looked at again, in milliseconds. */
const LONGEST_PAUSE_MS = 1_000;

/** What a broker may have recorded in a second. */
export interface RecordBounds {
  records(): number;
  bytes(): number;
}

/** Stops reading a broker's audit channel while it is over its bounds, or the log is behind: it waits then, and nobody else does. */
export interface AuditValve {
  /** A message of so many bytes came. */
  came(bytes: number): void;
  /** A record is on its way; call the answer once, when it is written or refused. */
  writing(): () => void;
}

export function createAuditValve(
  link: Pick<BrokerLink, 'pauseAudit' | 'resumeAudit'>,
  bounds: RecordBounds,
): AuditValve {
  const records = createMeter(bounds.records);
  const size = createMeter(bounds.bytes);
  let unwritten = 0;
  let isPaused = false;
  let isTimed = false;

  function judge(): void {
    const owedMs = Math.max(records.owedMs(), size.owedMs());
    const isOver = owedMs > 0 || unwritten >= MAXIMUM_UNWRITTEN;
    if (owedMs > 0 && !isTimed) {
      isTimed = true;
      setTimeout(judgeAgain, Math.min(owedMs, LONGEST_PAUSE_MS)).unref();
    }
    if (isOver === isPaused) return;
    isPaused = isOver;
    if (isOver) link.pauseAudit();
    else link.resumeAudit();
  }

  function judgeAgain(): void {
    isTimed = false;
    judge();
  }

  return {
    came(bytes) {
      records.spend(1);
      size.spend(bytes);
      judge();
    },
    writing() {
      unwritten += 1;
      judge();
      return () => {
        unwritten -= 1;
        judge();
      };
    },
  };
}
