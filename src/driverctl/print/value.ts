import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { tableLines } from './table.ts';

/** More columns than this are no table for eyes, and rows times columns could be any size. */
const COLUMN_LIMIT = 16;
const NONE = '-';
const INDENT = '  ';

/**
 * A JSON value for eyes: aligned keys and values, a table for an array of objects, everything safe for a terminal.
 * Nesting is as deep as the value's, which its parser has bounded.
 */
export function humanText(value: JsonValue): string {
  return `${valueLines(value).join('\n')}\n`;
}

function valueLines(value: JsonValue): string[] {
  if (isJsonObject(value)) return objectLines(value);
  if (!Array.isArray(value)) return scalarLines(value);
  return value.length === 0 ? [NONE] : arrayLines(value);
}

function scalarLines(value: JsonValue): string[] {
  if (typeof value !== 'string') return [value === null ? NONE : String(value)];
  return escapeForTerminal(value, { keepNewlines: true }).replace(/\n$/u, '').split('\n');
}

function objectLines(object: JsonObject): string[] {
  const members = Object.keys(object).map((key) => ({
    key: escapeForTerminal(key),
    lines: valueLines(object[key] ?? null),
    isShort: isShort(object[key] ?? null),
  }));
  if (members.length === 0) return [NONE];
  const short = tableLines(
    members.filter(({ isShort }) => isShort).map(({ key, lines }) => [key, lines.join('')]),
  );
  return members.flatMap(({ key, lines, isShort }) =>
    isShort ? (short.shift() ?? []) : [key, ...lines.map((line) => INDENT + line)],
  );
}

/** Whether a value fits on the line of its key. */
function isShort(value: JsonValue): boolean {
  if (typeof value === 'string') return !value.replace(/\n$/u, '').includes('\n');
  if (Array.isArray(value)) return value.every(isScalar) && value.every(isShort);
  return !isJsonObject(value) || Object.keys(value).length === 0;
}

function isScalar(value: JsonValue): boolean {
  return value === null || typeof value !== 'object';
}

function arrayLines(items: readonly JsonValue[]): string[] {
  if (items.every(isScalar) && items.every(isShort)) return [items.map(cellText).join(', ')];
  const columns = items.every(isJsonObject) ? columnsOf(items) : null;
  if (columns !== null && items.every(isJsonObject)) {
    const header = columns.map((column) => escapeForTerminal(column));
    return tableLines([
      header,
      ...items.map((item) => columns.map((column) => cellText(item[column] ?? null))),
    ]);
  }
  return items.flatMap((item) => valueLines(item).map((line, index) => (index === 0 ? '- ' : INDENT) + line));
}

/** The keys of all rows in the order of their first use; null where there are too many, or none. */
function columnsOf(rows: readonly JsonObject[]): readonly string[] | null {
  const columns = new Set<string>();
  for (const row of rows) {
    for (const key of Object.keys(row)) {
      columns.add(key);
      if (columns.size > COLUMN_LIMIT) return null;
    }
  }
  return columns.size === 0 ? null : [...columns];
}

function cellText(value: JsonValue): string {
  if (value === null) return NONE;
  if (Array.isArray(value) && value.every(isScalar)) return value.map(cellText).join(',');
  return escapeForTerminal(typeof value === 'string' ? value : JSON.stringify(value));
}
