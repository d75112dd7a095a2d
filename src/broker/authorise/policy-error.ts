/** Where in a policy file something stands; line and column count from 1, the column in characters. */
export interface PolicyLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number | null;
}

/** Why a policy set was not loaded. Its message is `Cannot load policy FILE:LINE:COLUMN: why`. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  /** null: the reason concerns the set as a whole. */
  readonly location: PolicyLocation | null;
  readonly reason: string;

  constructor(location: PolicyLocation | null, reason: string) {
    super(`Cannot load policy${location === null ? '' : ` ${placeText(location)}`}: ${reason}`);
    this.location = location;
    this.reason = reason;
  }
}

/** `FILE:LINE`, or `FILE:LINE:COLUMN` where the column is known. */
export function placeText(location: PolicyLocation): string {
  const column = location.column === null ? '' : `:${location.column}`;
  return `${location.file}:${location.line}${column}`;
}

/** The place of a UTF-16 index in a file's text. */
export function locate(file: string, text: string, index: number): PolicyLocation {
  const before = text.slice(0, index);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { file, line: before.split('\n').length, column: [...before.slice(lineStart)].length + 1 };
}

/** The place of a UTF-8 byte offset, which is how Cedar names places. */
export function locateByte(file: string, text: string, byteOffset: number): PolicyLocation {
  return locate(file, text, Buffer.from(text).subarray(0, byteOffset).toString().length);
}
