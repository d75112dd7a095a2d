import type { IntentClaims, OutcomeClaims, RefusalClaims } from '../boundary/messages.ts';
import type { Settings } from '../shared/configuration/types.generated.ts';
import {
  type CallIdentity,
  type CallRun,
  type InterruptedWhy,
  intentRecord,
  interruptedRecord,
  outcomeRecord,
  type ParamsRule,
  type RecordParts,
  refusalRecord,
} from './audit/call-records.ts';
import type { AuditFields, AuditLog } from './audit/log.ts';
import type { Notice } from './audit/notice-pipe.ts';
import type { Refusals } from './audit/refusals.ts';
import { AuditUnavailable, type Doubt } from './audit/unavailable.ts';
import type { Ended } from './launch/launch-facts.ts';
import type { Launch } from './launch/launches.ts';
import type { Session } from './session/sessions.ts';

/** A call whose intent is recorded and whose outcome is not. */
interface OpenCall {
  readonly identity: CallIdentity;
  /** Whether its intent is written. */
  readonly intended: Promise<boolean>;
  /** performance.now() when the intent came, and when it was written. */
  readonly at: number;
  intendedAt: number | null;
  readonly launches: number[];
  /** Of the launch that ended last. */
  run: AuditFields | null;
  ended: Pick<Ended, 'startMicroseconds' | 'ranMicroseconds'> | null;
  /** Whether its intent stands in the log, and whether its end does: each is known only later where its record was refused. */
  intentStands: Doubt;
  endStands: Doubt;
}

const STANDS: Doubt = { isFound: true };
const DOES_NOT_STAND: Doubt = { isFound: false };

/** Launches that one call may have; its records name them all. */
const LAUNCHES_PER_CALL = 8;
/** Longest wait of a launch for its call's intent, in milliseconds: the two come on channels of their own. */
const INTENT_WITHIN_MS = 5_000;

/** A record that is written, and whether the broker was told. */
export type RecordedCall = { readonly isTold: boolean };

/** Settles when its own record is written, or one that tells how many there were. */
export type RecordedRefusal =
  | { readonly written: Promise<RecordedCall> }
  | { readonly counted: Promise<void> };

export interface Calls {
  /**
   * Records an intent; settles when it is written. False where the broker has used the number already.
   * @param notice by whom this is told meanwhile: the outcome may come before this settles
   */
  intent(session: Session, claims: IntentClaims, notice?: Notice): Promise<RecordedCall> | false;
  /** Records an outcome; settles when it is durable. False where there is no such intent. */
  outcome(claims: OutcomeClaims, notice?: Notice): Promise<RecordedCall> | false;
  /** Records a call that was refused before any intent, or counts it where there are too many. */
  refusal(session: Session, claims: RefusalClaims): RecordedRefusal;
  /**
   * Whether a launch is for an open call of its own session; settles when that call's intent is written. Nothing is
   * handed over before (invariant 11).
   */
  intended(launch: Pick<Launch, 'served' | 'number'>): Promise<boolean>;
  /** A launch ended; the records of the ends of its calls tell of it. */
  launchEnded(launch: Launch, how: Ended, run: AuditFields): void;
  /** Closes every open call as interrupted; what of that cannot be written `closeUnrecorded` makes up for. */
  interrupt(why: InterruptedWhy): Promise<unknown>;
  /**
   * For when the log can be written again: closes as interrupted the calls whose end could not be written, and those whose
   * intent was refused and stands there all the same. Each call has one end, whatever was found in the log.
   */
  closeUnrecorded(): Promise<unknown>;
  /** The calls that have an intent in the log, or on its way there, and no outcome. */
  openCalls(): readonly (CallIdentity & CallRun)[];
  readonly open: number;
}

export interface CallsOptions {
  readonly refusals: Refusals;
  durability(): Settings['audit']['durability'];
  /** What may be on record of the params of a method. */
  paramsRule(method: string | null): ParamsRule;
  /** Told of each denial, whether it has a record of its own or is counted. */
  denied(session: Session): void;
  /** Told the number of each record. */
  written(seq: number): void;
}

/** The records of calls (audit/call-records.ts), and which calls are open. */
export function createCalls(log: AuditLog, options: CallsOptions): Calls {
  const open = new Map<number, OpenCall>();
  /**
   * Calls of which a record was refused, so that they may have an intent and no end. They count as open, to be bounded like
   * those. Not by number: a broker that was replaced may have left some.
   */
  const unclosed = new Set<OpenCall>();
  /** Launches whose call's intent has not come yet; as many as launches may be alive. */
  const waiting = new Map<number, () => void>();

  function append(
    event: Parameters<AuditLog['append']>[0],
    { facts, claims }: RecordParts,
    durable: boolean,
    notice?: Notice,
  ): Promise<RecordedCall> {
    return log.append(event, facts, claims, durable, notice).then((answered) => {
      options.written(answered.seq);
      return answered;
    });
  }

  function intentComes(call: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        waiting.delete(call);
        resolve();
      };
      const timer = setTimeout(settle, INTENT_WITHIN_MS);
      waiting.set(call, settle);
    });
  }

  function close(call: OpenCall, why: InterruptedWhy): Promise<unknown> {
    const written = append('interrupted', interruptedRecord(call.identity, call, why), true);
    written.catch((error: unknown) => endRefused(call, error));
    return written;
  }

  function endRefused(call: OpenCall, error: unknown): void {
    call.endStands = doubtOf(error);
    unclosed.add(call);
  }

  function closeUnrecorded(why: InterruptedWhy): Promise<unknown> {
    const judged = [...unclosed].filter(
      ({ intentStands, endStands }) => intentStands.isFound !== null && endStands.isFound !== null,
    );
    for (const call of judged) unclosed.delete(call);
    const without = judged.filter(
      ({ intentStands, endStands }) => intentStands.isFound && !endStands.isFound,
    );
    return Promise.all(without.map((call) => close(call, why)));
  }

  /** The broker can ask for more than the settings, never for less. */
  function isIntentDurable(asked: boolean): boolean {
    const durability = options.durability();
    return durability === 'intent' || (durability === 'outcome' && asked);
  }

  return {
    intent(session, claims, notice) {
      if (open.has(claims.call)) return false;
      const { call, request, method, trace, span } = claims;
      const record = intentRecord(session, claims, options.paramsRule(method));
      const written = append('call-start', record, isIntentDurable(claims.durable), notice);
      const intended = written.then(
        () => {
          opened.intendedAt = performance.now();
          return true;
        },
        (error: unknown) => {
          // Nothing runs without a recorded intent, and no outcome will come for it.
          if (open.get(call) === opened) open.delete(call);
          opened.intentStands = doubtOf(error);
          if (opened.intentStands.isFound === null) unclosed.add(opened);
          return false;
        },
      );
      const now = performance.now();
      const opened: OpenCall = {
        identity: { session: session.number, uid: session.caller.uid, call, request, method, trace, span },
        ...{ intended, at: now, intendedAt: null, run: null, ended: null },
        launches: claims.launch === null ? [] : [claims.launch],
        ...{ intentStands: STANDS, endStands: DOES_NOT_STAND },
      };
      open.set(call, opened);
      waiting.get(call)?.();
      return written;
    },
    outcome(claims, notice) {
      const call = open.get(claims.call);
      if (call === undefined) return false;
      open.delete(claims.call);
      const now = performance.now();
      const stages = {
        // The broker was told before this process was.
        intent: microseconds(call.at, call.intendedAt ?? now),
        launch: call.ended?.startMicroseconds ?? null,
        run: call.ended?.ranMicroseconds ?? null,
        total: microseconds(call.at, now),
      };
      const record = outcomeRecord(call.identity, call, stages, claims);
      const written = append('call-end', record, options.durability() === 'outcome', notice);
      written.catch((error: unknown) => endRefused(call, error));
      return written;
    },
    refusal(session, claims) {
      if (claims.kind === 'denied') options.denied(session);
      const admitted = options.refusals.admit(session.caller.uid, claims.reason);
      if (admitted !== 'whole') return { counted: admitted };
      const record = refusalRecord(session, claims, options.paramsRule(claims.method));
      return { written: append(claims.kind, record, options.durability() === 'outcome') };
    },
    async intended({ served, number: launch }) {
      if (served === null) return false;
      const { call: number, session } = served;
      if (!open.has(number)) await intentComes(number);
      const call = open.get(number);
      if (
        call === undefined ||
        call.identity.session !== session ||
        call.launches.length >= LAUNCHES_PER_CALL
      )
        return false;
      call.launches.push(launch);
      return call.intended;
    },
    launchEnded({ number, purpose, served }, how, run) {
      if (served !== null) {
        const call = open.get(served.call);
        // What stood ready had no start of its own in the call.
        const ended = purpose.kind === 'call' ? how : { ...how, startMicroseconds: null };
        if (call?.launches.includes(number)) Object.assign(call, { run, ended });
      } else if (purpose.kind === 'persistent') {
        // It ran before these calls, and not for them: its durations are none of theirs.
        for (const call of open.values()) if (call.launches.includes(number)) call.run = run;
      }
    },
    interrupt(why) {
      const calls = [...open.values()];
      open.clear();
      return Promise.all([closeUnrecorded(why), ...calls.map((call) => close(call, why))]);
    },
    closeUnrecorded: () => closeUnrecorded('unrecorded'),
    openCalls: () =>
      [...unclosed, ...open.values()].map(({ identity, launches, run }) => ({
        ...identity,
        ...{ launches: [...launches], run },
      })),
    get open() {
      return open.size + unclosed.size;
    },
  };
}

function doubtOf(error: unknown): Doubt {
  return (error instanceof AuditUnavailable ? error.doubt : null) ?? DOES_NOT_STAND;
}

/** Between two readings of performance.now(). */
function microseconds(from: number, to: number): number {
  return Math.round((to - from) * 1000);
}
