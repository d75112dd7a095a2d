import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { durationText } from '../print/duration.ts';
import type { Accounts } from './accounts.ts';
import { pairs, words } from './record-line.ts';
import type { RecordView } from './record-view.ts';
import { endIn, methodIn, requestIn, tookIn, uidIn } from './record-words.ts';

const HEADINGS = ['SEQ', 'TIME (UTC)', 'EVENT', 'CALLER', 'METHOD', 'END', 'TOOK', 'REQUEST, OR FACTS'];
/** Rows are printed as they are found, so that no column can be as wide as its widest cell. */
const WIDTHS = [9, 26, 14, 14, 20, 12, 8];
const NONE = '-';
/** Members that a row has columns for, or that say little without the rest. */
const NOT_AMONG_FACTS: ReadonlySet<string> = new Set(['uid', 'gid', 'groups', 'isolation', 'usage']);
const FACTS_CHARACTERS = 160;

export function headingRow(): string {
  return rowText(HEADINGS);
}

/** A record as one row, safe for a terminal. */
export function recordRow(view: RecordView, accounts: Accounts): string {
  const { seq, time, event } = view;
  const uid = uidIn(view);
  const took = tookIn(view);
  return rowText([
    seq === null ? NONE : String(seq),
    words(time).replace(/^(.{10})T(.{1,32})Z$/u, '$1 $2'),
    words(event),
    uid === null ? NONE : (accounts.user(uid) ?? String(uid)),
    words(methodIn(view)),
    words(endIn(view)),
    took === null ? NONE : durationText(took),
    requestIn(view) === null ? factsText(view) : words(requestIn(view)),
  ]);
}

function factsText({ facts }: RecordView): string {
  const shown = Object.fromEntries(Object.entries(facts).filter(([name]) => !NOT_AMONG_FACTS.has(name)));
  const text = pairs(shown).join(' ');
  return text.length > FACTS_CHARACTERS ? `${text.slice(0, FACTS_CHARACTERS)}...` : text || NONE;
}

function rowText(cells: readonly string[]): string {
  return cells
    .map((cell, index) => escapeForTerminal(cell).padEnd(WIDTHS[index] ?? 0))
    .join(' ')
    .trimEnd();
}
