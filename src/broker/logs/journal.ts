import type { Log } from '../../shared/log.ts';
import { type Allowance, createAllowance } from './allowance.ts';
import { countLines, type LineEnd, lineEnd, lineText } from './lines.ts';
import type { Said } from './ring.ts';

/** What drivers say, in the operational log, as far as each may fill it. */
export interface Journal {
  write(driver: string, said: Said, bytes: Uint8Array): void;
  readonly allowance: Allowance;
}

export function createJournal(log: Log): Journal {
  const allowance = createAllowance((leftOut) =>
    log.warn(
      leftOut,
      'lines of a driver were left out of this log: it says more than limits.driver_log_bytes_per_minute',
    ),
  );
  function leaveOut(driver: string, bytes: Uint8Array): void {
    allowance.leaveOut(driver, countLines(bytes), bytes.length);
  }

  return {
    allowance,
    write(driver, { launch, request, source, level }, bytes) {
      if (!log.isLevelEnabled(level)) return;
      let line: LineEnd;
      for (let at = 0; at < bytes.length; at = line.next) {
        // A flood must not cost the making of lines that nobody writes.
        if (!allowance.isOpen(driver)) return leaveOut(driver, bytes.subarray(at));
        line = lineEnd(bytes, at);
        if (line.end === at) continue;
        const text = lineText(bytes, at, line);
        if (!allowance.take(driver, Buffer.byteLength(text))) return leaveOut(driver, bytes.subarray(at));
        log[level](
          { driver, launch, request, source, text, ...(line.more ? { more: true } : {}) },
          'a driver said',
        );
      }
    },
  };
}
