import type { MonitorAudit } from '../../boundary/messages.ts';
import { RECORDS_TOLD_MAXIMUM } from '../../boundary/notices.ts';

type UnrecordedReason = Extract<MonitorAudit, { type: 'unrecorded' }>['reason'];

/** What a broker hears of the records that it asked for. */
export interface RecordAnswers {
  /** It stands in the log. */
  recorded(serial: number): void;
  unrecorded(serial: number, reason: UnrecordedReason): void;
}

/** Tells of records that came to stand in one turn, which are those of one write to the log, in one message. */
export function answerRecords(send: (message: MonitorAudit) => void): RecordAnswers {
  let serials: number[] = [];

  function tell(): void {
    if (serials.length === 0) return;
    send({ type: 'recorded', serials });
    serials = [];
  }

  return {
    recorded(serial) {
      // Behind the answers that wait in this turn already.
      if (serials.length === 0) queueMicrotask(tell);
      serials.push(serial);
      if (serials.length === RECORDS_TOLD_MAXIMUM) tell();
    },
    unrecorded: (serial, reason) => send({ type: 'unrecorded', serial, reason }),
  };
}
