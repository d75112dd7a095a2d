import type { Settings } from '../../shared/configuration/types.generated.ts';
import type { Log } from '../../shared/log.ts';
import { type Calls, createCalls } from '../calls.ts';
import type { Generations } from '../configuration/generations.ts';
import { createCheckpoints } from './checkpoints.ts';
import { createDenials } from './denials.ts';
import type { AuditLog } from './log.ts';
import type { ParamsKeys } from './params-keys.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createRefusals, type Refusals } from './refusals.ts';

/** Refusals of one identity that are written whole in a window; the rest of the window is counted (invariant 11). */
const REFUSALS_WHOLE = 100;
const REFUSALS_WINDOW_MS = 10_000;
/** What is counted is answered so much later: short for who waits, and ten records a second for whoever floods. */
const REFUSALS_COUNT_MS = 100;
/** Identities told apart, of refusals and of denials. */
const IDENTITIES = 1_024;

/** All that writes records of calls, sessions and launches, wired to one log. */
export interface Recording {
  readonly record: Recorder;
  readonly refusals: Refusals;
  readonly calls: Calls;
}

export function createRecording(
  audit: AuditLog,
  log: Log,
  keys: ParamsKeys,
  generations: Generations,
): Recording {
  const settings = (): Settings['audit'] => generations.current.settings.audit;
  const record = createRecorder(audit, log, (seq) => checkpoints.written(seq));
  const refusals = createRefusals({
    wholePerWindow: REFUSALS_WHOLE,
    windowMs: REFUSALS_WINDOW_MS,
    countMs: REFUSALS_COUNT_MS,
    maximumIdentities: IDENTITIES,
    write: ({ uid, from, to, ...told }) =>
      audit.append('refusals', { uid, from, to }, told, settings().durability === 'outcome'),
  });
  const denied = createDenials({
    threshold: () => settings().repeated_denials,
    windowMs: () => settings().repeated_denials_ms,
    maximumIdentities: IDENTITIES,
    write({ total, ...facts }) {
      log.warn({ uid: facts.uid, total }, 'a caller was denied again and again');
      void record('repeated-denials', facts, { total });
    },
  });
  const calls = createCalls(audit, {
    refusals,
    durability: () => settings().durability,
    paramsRule(method) {
      const profile = method?.slice(0, Math.max(0, method.indexOf('.'))) ?? '';
      const onRecord = generations.current.drivers.get(profile)?.paramsOnRecord ?? 'hash';
      return { key: keys.present, onRecord };
    },
    denied: ({ number, caller }) => denied(caller.uid, number),
    written: (seq) => checkpoints.written(seq),
  });
  const checkpoints = createCheckpoints(audit, calls.openCalls);
  return { record, refusals, calls };
}
