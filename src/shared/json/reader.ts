/** Bounds of one message. */
export interface JsonLimits {
  /** Deepest nesting of arrays and objects, at least 1; `[]` has depth 1. */
  readonly depth: number;
  /** Most object members in the whole message, at least 0; also most arrays and objects, since each costs as much. */
  readonly keys: number;
}

/** A text and how far it has been read. */
export interface JsonReader {
  readonly text: string;
  readonly limits: JsonLimits;
  /** Index of the next character to read. */
  position: number;
  /** Arrays and objects that are open here. */
  depth: number;
  /** Members read so far, in all objects. */
  keys: number;
  /** Arrays and objects read so far. */
  containers: number;
}

const space = 0x20;
const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Goes on to the next character that is not white space (RFC 8259 section 2).
 *
 * @returns its code unit, NaN at the end of the text
 */
export function nextCharacter(reader: JsonReader): number {
  const { text } = reader;
  let position = reader.position;
  let code = text.charCodeAt(position);
  while (code === space || code === lineFeed || code === carriageReturn || code === tab) {
    position += 1;
    code = text.charCodeAt(position);
  }
  reader.position = position;
  return code;
}
