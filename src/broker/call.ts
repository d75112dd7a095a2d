import type { Isolation, Outcome, RefusalReason } from '../boundary/messages.ts';
import type { ErrorReason } from '../shared/errors.ts';
import type { JsonObject, JsonValue } from '../shared/json-value.ts';
import type { BuiltIn } from './builtin/built-in.ts';
import type { Method } from './catalogue/catalogue.ts';
import type { Generation } from './configuration/generation.ts';
import type { ClientSession } from './connection/client-session.ts';
import type { EarlyEnd } from './connection/early-end.ts';
import type { Request } from './frame/envelope.ts';
import type { Metadata } from './frame/metadata.ts';
import type { ScrubCounts } from './scrub/scrubber.ts';

/**
 * The life of a call as types: Received → Callable → Valid → Authorised → Admitted → Finished. Each stage takes the one
 * before and gives the next, so that a call that was not authorised cannot be admitted, nor one that was not
 * admitted be run: such code does not compile.
 */
export interface Received {
  readonly stage: 'received';
  readonly session: ClientSession;
  /** Ends it early: its caller cancels it, or has gone. */
  readonly early: EarlyEnd;
  readonly request: Request;
  /** UUIDv7 (RFC 9562); stands in errors, records and the operational log. */
  readonly requestId: string;
  readonly bytesIn: number;
  readonly receivedAt: number;
  /** The configuration that the call keeps to its end, whatever is loaded meanwhile. */
  readonly generation: Generation;
}

/** What a method name stands for. */
export type Target =
  | { readonly kind: 'driver'; readonly method: Method }
  | { readonly kind: 'built-in'; readonly builtIn: BuiltIn };

type After<Before extends { stage: string }, Stage extends string, Adds> = Omit<Before, 'stage'> & {
  readonly stage: Stage;
} & Adds;

/** The caller may call this method with some params. */
export type Callable = After<Received, 'callable', { readonly target: Target }>;

/** The params are within the method's schema; from here on they are one frozen value (invariant 4). */
export type Valid = After<
  Callable,
  'valid',
  {
    readonly params: JsonObject;
    readonly metadata: Metadata;
    readonly paramsSha256: string;
    /** performance.now() at the stage's end; so in later stages. */
    readonly validatedAt: number;
  }
>;

/** The policy permits this very call; which policies decided goes with it. */
export type Authorised = After<
  Valid,
  'authorised',
  { readonly policies: readonly string[]; readonly authorisedAt: number }
>;

/** It has its place in the limits and its number. */
export type Admitted = After<Authorised, 'admitted', { readonly call: number; readonly release: () => void }>;

/** What the caller gets of a run that ended. */
export type Answer =
  | { readonly ok: true; readonly result: JsonValue; readonly driver: JsonObject | null }
  | {
      readonly ok: false;
      readonly reason: ErrorReason;
      readonly message: string | null;
      readonly extra: JsonObject;
    };

/** A run that ended, with its one outcome. */
export interface Run {
  readonly outcome: Outcome;
  readonly answer: Answer;
  /** Whether the request was given to a driver. */
  readonly handedOver: boolean;
  readonly bytesOut: number;
  /** Bytes of output that were dropped at the limit. */
  readonly bytesDropped: number;
  /** Control characters that were removed from environment values of a command. */
  readonly controlsRemoved: number;
  readonly scrubbed: ScrubCounts;
  /** What was sent of a streamed result; null: it is no stream, or none of it could be sent. */
  readonly streamed: Streamed | null;
  readonly isolation: Isolation | null;
  /** When its stages ended. */
  readonly times: RunTimes;
}

/** How much of a streamed result was sent, in chunks and in bytes of what the driver gave, scrubbed. */
export type Streamed = { readonly chunks: number; readonly bytes: number };

/** performance.now() at the end of each stage of a run; null: it had no such stage. */
export interface RunTimes {
  /** When intent and launch were asked for. */
  readonly asked: number;
  readonly intended: number;
  readonly launched: number | null;
  readonly handedOver: number | null;
  /** The driver is dead and its streams are at their end. */
  readonly ended: number | null;
  /** The answer is judged and scrubbed. */
  readonly answered: number;
}

export type Finished = After<Admitted, 'finished', { readonly run: Run }>;

/** A stage's one error exit. */
export interface Refused {
  readonly stage: 'refused';
  readonly kind: 'denied' | 'invalid' | 'refused';
  readonly reason: RefusalReason;
  /** Policies that decided against it. */
  readonly policies: readonly string[];
  readonly extra: JsonObject;
}

export function refuse(
  kind: Refused['kind'],
  reason: RefusalReason,
  extra: JsonObject = {},
  policies: readonly string[] = [],
): Refused {
  return { stage: 'refused', kind, reason, policies, extra };
}
