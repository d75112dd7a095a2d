import { isJsonObject, type JsonValue } from '../../shared/json-value.ts';
import type { RecordView } from './record-view.ts';

/** Records that are about a caller: in others a uid is that of a process of driverd's own. */
const OF_DRIVERD: ReadonlySet<string | null> = new Set(['broker-start']);

export function uidIn({ event, facts }: RecordView): number | null {
  return OF_DRIVERD.has(event) ? null : numberOf(facts['uid']);
}

export function sessionIn({ facts }: RecordView): number | null {
  return numberOf(facts['session']);
}

export function methodIn({ claims }: RecordView): string | null {
  return textOf(claims['method']);
}

/** The profile's name: where no record member tells it, it is the method's first part. */
export function driverIn(view: RecordView): string | null {
  const { facts, claims } = view;
  return textOf(facts['profile']) ?? textOf(claims['profile']) ?? methodIn(view)?.split('.', 1)[0] ?? null;
}

export function requestIn({ claims }: RecordView): string | null {
  return textOf(claims['request_id']);
}

export function numberOf(value: JsonValue | undefined): number | null {
  return typeof value === 'number' ? value : null;
}

export function textOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** How a call ended: the broker's word, or the monitor's own where the broker gave none. */
export function endIn({ facts, claims }: RecordView): string | null {
  return textOf(claims['end_reason']) ?? textOf(facts['end_reason']);
}

/** How long a call took as the monitor saw it, in microseconds. */
export function tookIn({ facts }: RecordView): number | null {
  const stages = facts['stages_us'];
  return isJsonObject(stages) ? numberOf(stages['total']) : null;
}
