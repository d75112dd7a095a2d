import { randomBytes } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import type { SaidLine } from '../logs/ring.ts';
import type { Rings } from '../logs/rings.ts';
import { type BuiltIn, type BuiltInCall, builtInParams } from './built-in.ts';

/** Most lines and bytes of one answer; the cursor leads to the rest. */
const MOST_LINES = 1_000;
const MOST_BYTES = 262_144;
/** Most lines that can be asked back for: more than a ring holds. */
const LARGEST_LINES = 16_777_216;
const DEFAULT_LINES = 10;
/** Longest wait for a new line, in milliseconds. */
const LONGEST_WAIT_MS = 25_000;

const PARAMS = builtInParams(
  {
    driver: {
      type: 'string',
      pattern: '^[a-z][a-z0-9-]{0,31}$',
      description: 'The name under which the driver is enabled.',
    },
    lines: {
      type: 'integer',
      minimum: 0,
      maximum: LARGEST_LINES,
      description: `How many of the last lines, ${DEFAULT_LINES} if left out; not looked at beside a cursor.`,
    },
    after: {
      type: 'string',
      pattern: '^[0-9a-f]{16}-[0-9]{1,15}$',
      description: 'The cursor of the answer before: the lines behind that one.',
    },
    wait_ms: {
      type: 'integer',
      minimum: 0,
      maximum: LONGEST_WAIT_MS,
      description: 'How long to wait for a line where there is none, in milliseconds.',
    },
  },
  ['driver'],
);

/** Where to read on. */
interface Place {
  readonly from: number;
  /** 0; null: how many lines were lost since is not known, since the cursor is another broker's. */
  readonly missed: 0 | null;
}

/**
 * `rpc.logs`: what a driver said on stderr and by `log`, from the ring in memory. Who follows asks again with the cursor;
 * with `wait_ms` an answer without lines comes late, so that it costs few records.
 */
export function logsMethod(rings: Rings, isEnding: () => boolean): BuiltIn {
  /** Numbers of lines begin anew with each broker. */
  const ofThisBroker = randomBytes(8).toString('hex');

  function placeOf(driver: string, params: JsonObject): Place {
    const next = rings.next(driver);
    const first = rings.ring(driver)?.first ?? next;
    const { after, lines } = params;
    if (typeof after !== 'string') {
      const count = typeof lines === 'number' ? lines : DEFAULT_LINES;
      return { from: Math.max(first, next - count), missed: 0 };
    }
    const [broker, place] = after.split('-');
    const from = Number(place);
    return broker !== ofThisBroker || from > next ? { from: first, missed: null } : { from, missed: 0 };
  }

  function page(driver: string, { from, missed }: Place): JsonObject {
    const lines: JsonValue[] = [];
    const ring = rings.ring(driver);
    // What was lost while the call waited counts too.
    const first = Math.max(from, ring?.first ?? rings.next(driver));
    let next = first;
    let bytes = 0;
    ring?.read(first, (line) => {
      const shown = show(line);
      bytes += Buffer.byteLength(JSON.stringify(shown));
      if (lines.length > 0 && (lines.length >= MOST_LINES || bytes > MOST_BYTES)) return false;
      lines.push(shown);
      next = line.number + 1;
      return true;
    });
    return {
      driver,
      lines,
      cursor: `${ofThisBroker}-${next}`,
      more: next < rings.next(driver),
      missed: missed === null ? null : missed + first - from,
    };
  }

  async function answer({ params, early, metadata }: BuiltInCall): Promise<JsonValue> {
    const driver = String(params['driver']);
    const place = placeOf(driver, params);
    const wanted = typeof params['wait_ms'] === 'number' ? params['wait_ms'] : 0;
    const wait = Math.min(wanted, metadata.timeoutMs ?? wanted);
    if (wait > 0 && place.from >= rings.next(driver) && !isEnding()) {
      await rings.changed(driver, wait, early);
    }
    return page(driver, place);
  }

  return {
    name: 'rpc.logs',
    needsPermit: true,
    summary: 'Shows what a driver said on stderr and by its log messages, scrubbed.',
    params: PARAMS,
    missing: ({ driver }, { plans }) => (plans.has(String(driver)) ? null : '/driver'),
    answer,
  };
}

function show({ time, launch, request, source, level, text, more }: SaidLine): JsonObject {
  const line = { time: new Date(time).toISOString(), launch, request, source, level, text };
  return more ? { ...line, more } : line;
}
