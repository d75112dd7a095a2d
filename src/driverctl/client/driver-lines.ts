import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { Failure } from '../failure.ts';
import { BUILT_IN_WAIT_MS } from './discover.ts';
import type { Session } from './session.ts';

/** How long the daemon may wait for a line before it answers without one, in milliseconds. */
const WAIT_MS = 25_000;
/** Shortest time between two questions for lines to come, in milliseconds: each is a call with its records. */
const PAUSE_MS = 1_000;

/** Lines that came at once. */
export interface DriverLines {
  readonly lines: readonly JsonObject[];
  /** Lines that the daemon had lost before they could be asked for; null: not known how many. */
  readonly missed: number | null;
}

interface Page extends DriverLines {
  readonly cursor: string;
  /** Whether there are more already. */
  readonly more: boolean;
}

/**
 * The last lines of a driver and, if asked, those to come, for ever. Throws `Failure`.
 * @param count how many of the last lines, 0 to 1,000,000
 */
export async function* driverLines(
  session: Session,
  driver: string,
  count: number,
  follow: boolean,
): AsyncGenerator<DriverLines> {
  let page = await askFor(session, { driver, lines: count });
  let left = count - page.lines.length;
  yield page;
  while (page.more && (follow || left > 0)) {
    page = await askFor(session, { driver, after: page.cursor });
    left -= page.lines.length;
    yield page;
  }
  while (follow) {
    page = await askFor(session, { driver, after: page.cursor, wait_ms: WAIT_MS });
    yield page;
    if (!page.more) await sleep(PAUSE_MS);
  }
}

async function askFor(session: Session, params: JsonObject): Promise<Page> {
  const { result } = await session.request('rpc.logs', params, BUILT_IN_WAIT_MS);
  return readPage(result);
}

function readPage(result: JsonValue): Page {
  const malformed = (): Failure =>
    new Failure('connection', "Cannot read the daemon's answer: rpc.logs gave no lines");
  if (!isJsonObject(result)) throw malformed();
  const { lines, cursor, more, missed } = result;
  if (!Array.isArray(lines) || typeof cursor !== 'string' || typeof more !== 'boolean') throw malformed();
  const objects = lines.filter(isJsonObject);
  if (objects.length !== lines.length) throw malformed();
  return { lines: objects, cursor, more, missed: typeof missed === 'number' ? missed : null };
}
