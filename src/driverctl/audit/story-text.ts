import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { durationText } from '../print/duration.ts';
import type { Accounts } from './accounts.ts';
import { type CallStory, hasEnd } from './call-story.ts';
import { type Field, fieldsOf } from './field-words.ts';
import { foreignLine, words } from './record-line.ts';
import { endIn, methodIn, tookIn, uidIn } from './record-words.ts';
import type { StoryRecord } from './story-record.ts';

/** What the events of a call's story are called. */
const TITLES: ReadonlyMap<string | null, string> = new Map([
  ['session', 'Session'],
  ['call-start', 'Intent'],
  ['launch', 'Launch'],
  ['launch-refused', 'Launch refused'],
  ['launch-end', 'End of launch'],
  ['call-end', 'Outcome'],
  ['interrupted', 'Interrupted'],
  ['denied', 'Denied'],
  ['invalid', 'Invalid'],
  ['refused', 'Refused'],
  ['session-end', 'End of session'],
]);
const TITLE_WIDTH = 16;
const LABEL_WIDTH = 9;
/** Where the screen is narrower, or its width is not known. */
const LEAST_WIDTH = 80;

/**
 * A call's story on one screen, safe for a terminal: each record with what the monitor saw (`facts`) apart from what the
 * broker told it (`claims`). What an earlier record of the story has said the same way is not repeated.
 * @param columns width of the screen in characters
 */
export function storyText(requestId: string, story: CallStory, accounts: Accounts, columns: number): string {
  const said = {
    facts: new Map<string, string>(),
    claims: new Map<string, string>([['request_id', requestId]]),
  };
  const began = timeOf(story.records.find(({ view }) => view.event === 'call-start'));
  const width = Math.max(LEAST_WIDTH, columns);
  const lines = [
    headline(requestId, story, accounts),
    'facts: seen by the monitor itself; claims: what the broker told it',
  ];
  for (const record of story.records) {
    const { facts, claims } = record.view;
    lines.push(titleOf(record, began));
    if (record.wrong !== null) lines.push(`  ! not as driverd wrote it: ${words(record.wrong)}`);
    lines.push(...wrapped('facts', news(fieldsOf(facts, accounts), said.facts), width));
    lines.push(...wrapped('claims', news(fieldsOf(claims, accounts), said.claims), width));
  }
  lines.push(...remarks(story), ...story.foreign.map(foreignLine));
  return `${lines.join('\n')}\n`;
}

/** Who called what, and what came of it. */
function headline(requestId: string, { records }: CallStory, accounts: Accounts): string {
  const views = records.map(({ view }) => view);
  const own = views.filter((view) => view.claims['request_id'] === requestId);
  const last = own.at(-1);
  const method = own.map(methodIn).find((name) => name !== null) ?? 'no method';
  const uid = own.map(uidIn).find((number) => number !== null) ?? null;
  const caller = uid === null ? 'an unknown caller' : (accounts.user(uid) ?? `uid ${uid}`);
  const took = last === undefined ? null : tookIn(last);
  const end = (last === undefined ? null : endIn(last)) ?? 'no end on record';
  const text = `${requestId}: ${method} for ${caller}: ${end}${took === null ? '' : ` after ${durationText(took)}`}`;
  return escapeForTerminal(text);
}

function titleOf({ seq, view }: StoryRecord, began: number | null): string {
  const { event, time, facts } = view;
  const number = event?.startsWith('launch') ? facts['launch'] : facts['session'];
  const isNumbered = event?.startsWith('launch') || event?.startsWith('session');
  const title = `${TITLES.get(event) ?? words(event)}${isNumbered && number !== undefined ? ` ${words(number)}` : ''}`;
  const at = timeOf({ view });
  const offset =
    began === null || at === null ? '' : `  ${at < began ? '-' : '+'}${durationText(Math.abs(at - began))}`;
  return `${title.padEnd(TITLE_WIDTH)} record ${seq}  ${words(time)}${offset}`;
}

/** Microseconds since 1970. */
function timeOf(record: Pick<StoryRecord, 'view'> | undefined): number | null {
  const [, seconds = '', fraction = ''] = /^(.{19})\.([0-9]{6})Z$/.exec(record?.view.time ?? '') ?? [];
  const milliseconds = Date.parse(`${seconds}Z`);
  return Number.isNaN(milliseconds) ? null : milliseconds * 1_000 + Number(fraction);
}

/** The fields that nobody has said yet, or that are said otherwise now. */
function news(fields: readonly Field[], said: Map<string, string>): string[] {
  return fields.flatMap(({ name, text }) => {
    if (said.get(name) === text) return [];
    said.set(name, text);
    return [`${name}=${text}`];
  });
}

/** Words below one another behind a label, as many on a line as fit. */
function wrapped(label: string, texts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + text.length > width - LABEL_WIDTH - 1) lines.push(text);
    else lines[lines.length - 1] = `${last} ${text}`;
  }
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(LABEL_WIDTH - 2)}${line}`);
}

function remarks(story: CallStory): string[] {
  const events = new Set(story.records.map(({ view }) => view.event));
  return [
    ...(events.has('call-start') && !hasEnd(story)
      ? ['No end is on record: the call goes on, or the log was cut.']
      : []),
    ...(events.has('call-end') && !events.has('call-start')
      ? ['No intent is on record: retention has removed it, or somebody else.']
      : []),
    ...(story.isCut ? ['There are more records of this request than are shown.'] : []),
  ];
}
