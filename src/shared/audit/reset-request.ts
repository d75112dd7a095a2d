/** The file in the state folder by which `driverctl audit reset` asks for a new chain at the next start. */
export const RESET_REQUEST_FILE = 'audit-reset';
export const RESET_REQUEST_BYTES_MAXIMUM = 4096;
/** Longest reason in UTF-16 units. */
export const RESET_REASON_MAXIMUM = 512;

export interface ResetRequest {
  /** Who asked. */
  readonly uid: number;
  readonly reason: string | null;
}

export function encodeResetRequest({ uid, reason }: ResetRequest): string {
  return `${JSON.stringify({ version: 1, uid, reason })}\n`;
}

/** Reads a request; null where it is not what is written. */
export function decodeResetRequest(text: string): ResetRequest | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { uid, reason } = value as Partial<Record<string, unknown>>;
  if (typeof uid !== 'number' || !(reason === null || typeof reason === 'string')) return null;
  const request = { uid, reason };
  return encodeResetRequest(request) === text && (reason?.length ?? 0) <= RESET_REASON_MAXIMUM
    ? request
    : null;
}
