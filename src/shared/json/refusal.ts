/** Why a message is not JSON that driverd accepts: the closed set of words. */
export type JsonRefusalReason =
  | 'encoding'
  | 'byte-order-mark'
  | 'syntax'
  | 'depth'
  | 'keys'
  | 'duplicate-key'
  | 'reserved-key'
  | 'number'
  | 'surrogate';

const explanations: Readonly<Record<JsonRefusalReason, string>> = {
  encoding: 'the bytes are not UTF-8',
  'byte-order-mark': 'it begins with a byte order mark',
  syntax: 'it is not one JSON value',
  depth: 'it is nested too deeply',
  keys: 'it has too many keys, arrays or objects',
  'duplicate-key': 'a key occurs twice in one object',
  'reserved-key': 'a key is a reserved name',
  number: 'a number would not keep its value',
  surrogate: 'a string has a lone surrogate',
};

/** The one error of `parseJson`. Its message is fixed text: what was refused may be a secret, so it is never quoted. */
export class JsonRefused extends Error {
  override readonly name = 'JsonRefused';
  readonly reason: JsonRefusalReason;

  constructor(reason: JsonRefusalReason) {
    super(`Cannot read JSON: ${explanations[reason]}`);
    this.reason = reason;
  }
}
