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
const LABEL_WIDTH = 'claims'.length;
/** An object of more members has rows of its own. */
const MEMBERS_IN_LINE = 6;
const RUN = 'run.';
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
    lines.push(...sideLines('facts', news(fieldsOf(facts, accounts), said.facts), width));
    lines.push(...sideLines('claims', news(fieldsOf(claims, accounts), said.claims), width));
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

/** The fields that nobody has said yet, or that are said otherwise now. An outcome repeats under `run` how a launch ended. */
function news(fields: readonly Field[], said: Map<string, string>): readonly Field[] {
  return fields.flatMap(({ name: given, text }) => {
    const name = given.startsWith(RUN) ? given.slice(RUN.length) : given;
    if (said.get(name) === text) return [];
    said.set(name, text);
    return [{ name, text }];
  });
}

/** Facts or claims; an object of many members below them has rows of its own. */
function sideLines(side: 'facts' | 'claims', fields: readonly Field[], width: number): string[] {
  const objects = new Map<string, Field[]>();
  for (const field of fields) {
    const [object = '', ...rest] = field.name.split('.');
    if (rest.length > 0)
      objects.set(object, [...(objects.get(object) ?? []), { ...field, name: rest.join('.') }]);
  }
  const large = [...objects].filter(([, members]) => members.length > MEMBERS_IN_LINE);
  const inLine = fields.filter(({ name }) => !large.some(([object]) => name.startsWith(`${object}.`)));
  return [
    ...wrapped(side, inLine, width),
    ...large.flatMap(([object, members]) => wrapped(`${side}.${object}`, members, width)),
  ];
}

/** Fields behind a label, as many on a line as fit. */
function wrapped(label: string, fields: readonly Field[], width: number): string[] {
  const indent = Math.max(LABEL_WIDTH, label.length) + '   '.length;
  const lines: string[] = [];
  for (const { name, text } of fields) {
    const word = `${name}=${text}`;
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width - indent) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line, index) => `  ${index === 0 ? label : ''}`.padEnd(indent) + line);
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
