/**
 * The formats that schemas may use; any other name is an error at load (S9). All run in linear time.
 * `absolute-path` is driverd's own: normalised, so that a policy's `like "/srv/*"` cannot be passed by `/srv/../etc`.
 */
export const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'absolute-path': isAbsolutePath,
  uuid: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
  date: isDate,
  'date-time': isDateTime,
  ipv4: isIpv4,
  hostname: (text) =>
    text.length <= 253 &&
    text.split('.').every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label)),
};

const LONGEST_PATH = 4_095;

function isAbsolutePath(text: string): boolean {
  if (text === '/') return true;
  if (!text.startsWith('/') || Buffer.byteLength(text) > LONGEST_PATH || /[\x00-\x1f\x7f]/.test(text))
    return false;
  return text
    .slice(1)
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..');
}

/** RFC 3339 section 5.6, full-date. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** RFC 3339 section 5.6, date-time; a leap second is not accepted. */
function isDateTime(text: string): boolean {
  const match =
    /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:[Zz]|[+-](\d{2}):(\d{2}))$/.exec(text);
  if (match === null || !isDate(match[1] ?? '')) return false;
  const [hour, minute, second, offsetHour, offsetMinute] = match.slice(2).map((part) => Number(part ?? 0));
  return (
    [hour, offsetHour].every((value) => (value ?? 0) < 24) &&
    [minute, second, offsetMinute].every((value) => (value ?? 0) < 60)
  );
}

/** RFC 2673 section 3.2: no leading zeros. */
function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return (
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  );
}
