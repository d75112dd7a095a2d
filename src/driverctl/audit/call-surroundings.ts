import type { JsonValue } from '../../shared/json-value.ts';
import { behind, type Damage, openSegments, upTo } from './log-segments.ts';
import { type RecordView, viewRecord } from './record-view.ts';
import { numberOf, sessionIn } from './record-words.ts';
import { despiteDamage } from './scan-log.ts';
import { scanSegment } from './scan-segment.ts';
import { type StoryRecord, storyRecord } from './story-record.ts';

/** Most launches of one call that are looked for; the monitor grants fewer. */
const LAUNCHES_MAXIMUM = 16;
/** Events of what surrounds a call; the event stands near the beginning of a line. */
const EVENTS = /"event":"(?:daemon-start|session|session-end|launch|launch-refused|launch-end)"/;
const EVENT_WITHIN_BYTES = 512;
/** Most records that are kept of which only some may belong to the call. */
const CANDIDATES_MAXIMUM = 4_096;

/**
 * The records of a call's session and of its launches. They are known by numbers, which each life of the daemon counts
 * anew: so the search ends at the starts of the daemon before and after the call, and reads no further than it must.
 * @param own the records that name the call, in the order of the log; one at least
 * @throws what listing, opening and reading throws
 */
export async function findSurroundings(
  path: string,
  own: readonly StoryRecord[],
): Promise<readonly StoryRecord[]> {
  const first = Math.min(...own.map(({ seq }) => seq));
  const collector = createCollector(own, first);
  // What is damaged here was told by the search for the call itself.
  const damage: Damage[] = [];
  const needles = collector.needles.map((text) => Buffer.from(text));
  for await (const reader of openSegments(path, upTo(first), 'newest-first', damage)) {
    await despiteDamage(reader.segment.path, damage, () => scanSegment(reader, needles, collector.take));
    if (collector.hasBeginnings()) break;
  }
  if (!collector.hasEnds()) {
    for await (const reader of openSegments(path, behind(first), 'oldest-first', damage)) {
      await despiteDamage(reader.segment.path, damage, () => scanSegment(reader, needles, collector.take));
      if (collector.hasEnds()) break;
    }
  }
  return collector.records();
}

interface Collector {
  /** One of these stands in every line that matters. */
  readonly needles: readonly string[];
  take(line: Buffer): boolean;
  /** Whether reading what is older can tell nothing more. */
  hasBeginnings(): boolean;
  /** Whether reading what is younger can tell nothing more. */
  hasEnds(): boolean;
  records(): readonly StoryRecord[];
}

function createCollector(own: readonly StoryRecord[], first: number): Collector {
  const session = own.map(({ view }) => sessionIn(view)).find((number) => number !== null) ?? null;
  const call = own.map(({ view }) => numberOf(view.claims['call'])).find((number) => number !== null);
  const launches = new Set(
    own.flatMap(({ view }) => numbersIn(view.facts['launches'])).slice(0, LAUNCHES_MAXIMUM),
  );
  const found = new Map<number, StoryRecord>();

  /** Whether a record may belong to the call, as far as its numbers tell. */
  function mayBelong(view: RecordView): boolean {
    const { event, facts, claims } = view;
    const isOfSession = session !== null && sessionIn(view) === session;
    switch (event) {
      case 'daemon-start':
        return true;
      case 'session':
      case 'session-end':
        return isOfSession;
      case 'launch':
      case 'launch-refused': {
        const launch = numberOf(facts['launch']);
        const isForCall = isOfSession && call !== undefined && claims['call'] === call;
        if (isForCall && launch !== null && launches.size < LAUNCHES_MAXIMUM) launches.add(launch);
        return isForCall || (launch !== null && launches.has(launch));
      }
      case 'launch-end': {
        const launch = numberOf(facts['launch']);
        return launch !== null && launches.has(launch);
      }
      default:
        return false;
    }
  }

  /** Within the life of the daemon that the call is of. */
  function ofThatLife(): readonly StoryRecord[] {
    const starts = [...found.values()]
      .filter(({ view }) => view.event === 'daemon-start')
      .map(({ seq }) => seq);
    const from = Math.max(0, ...starts.filter((seq) => seq < first));
    const to = Math.min(Number.POSITIVE_INFINITY, ...starts.filter((seq) => seq > first));
    return [...found.values()]
      .filter(({ seq, view }) => seq > from && seq < to && view.event !== 'daemon-start')
      .sort((one, other) => one.seq - other.seq);
  }

  function hasStart(where: (seq: number) => boolean): boolean {
    return [...found.values()].some(({ seq, view }) => view.event === 'daemon-start' && where(seq));
  }

  function hasSession(): boolean {
    return session === null || ofThatLife().some(({ view }) => view.event === 'session');
  }

  /** Whether all launches have that event; one that serves many calls is not waited for. */
  function haveAll(event: 'launch' | 'launch-end'): boolean {
    const ofLaunches = ofThatLife().filter(
      ({ view }) => view.event === event || view.facts['for'] === 'persistent',
    );
    return [...launches].every((launch) => ofLaunches.some(({ view }) => view.facts['launch'] === launch));
  }

  return {
    needles: [
      '"event":"daemon-start"',
      ...(session === null ? [] : [`"session":${session}`]),
      ...[...launches].map((launch) => `"launch":${launch}`),
    ],
    take(line) {
      if (!EVENTS.test(line.toString('latin1', 0, EVENT_WITHIN_BYTES))) return true;
      const view = viewRecord(line);
      if (view === null || !mayBelong(view)) return true;
      const record = storyRecord(line, view);
      if (record !== null) found.set(record.seq, record);
      return found.size < CANDIDATES_MAXIMUM;
    },
    hasBeginnings: () => hasStart((seq) => seq < first) || (hasSession() && haveAll('launch')),
    hasEnds: () => hasStart((seq) => seq > first) || haveAll('launch-end'),
    records: ofThatLife,
  };
}

function numbersIn(value: JsonValue | undefined): number[] {
  return Array.isArray(value) ? value.filter((element) => typeof element === 'number') : [];
}
