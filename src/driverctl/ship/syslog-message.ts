import { hostname } from 'node:os';
import { AUTHPRIV, IDENTIFIER } from './identity.ts';
import type { Shipment } from './shipment.ts';

/**
 * SD-IDs that IANA did not give need a private enterprise number behind them (RFC 5424 section 7.2.2). This one is
 * nobody's: it is set aside for examples (RFC 5612).
 */
const ELEMENT = 'driverd@32473';
const NIL = '-';
const HOSTNAME_CHARACTERS = 255;
const EVENT_CHARACTERS = 32;

/**
 * One message of RFC 5424: header, one element of structured data with what can be searched for, and the record as it
 * stands in the log. The record is MSG-ANY: UTF-8 without a byte order mark, which would not be the record's.
 */
export function syslogMessage(message: Shipment): Buffer {
  return messageWith(message, message.line);
}

/** The same without the record, for a socket that takes no message of that size: it says which one is in the log alone. */
export function shortSyslogMessage(message: Shipment): Buffer {
  return messageWith(
    message,
    Buffer.from(`${message.text}, of ${message.line.length} bytes, is too large to ship`),
  );
}

function messageWith({ event, priority, time, fields }: Shipment, content: Buffer): Buffer {
  const structured = fields.map(([name, value]) => ` ${name}="${escapeValue(value)}"`).join('');
  const type = printable(event, EVENT_CHARACTERS);
  const [, named] = fields.find(([name]) => name === 'host') ?? [];
  const host = named === undefined ? ownName : printable(named, HOSTNAME_CHARACTERS);
  const header = `<${AUTHPRIV * 8 + priority}>1 ${time} ${host} ${IDENTIFIER} ${process.pid} ${type}`;
  return Buffer.concat([Buffer.from(`${header} [${ELEMENT}${structured}] `), content]);
}

/** The same with the octet count before it, as a stream needs it (RFC 5425 section 4.3, RFC 6587 section 3.4.1). */
export function syslogFrame(message: Shipment): Buffer {
  const bytes = syslogMessage(message);
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}

const ownName = printable(hostname(), HOSTNAME_CHARACTERS);

/** PRINTUSASCII, or NILVALUE where nothing is left of it. */
function printable(text: string, characters: number): string {
  return text.replace(/[^\x21-\x7e]/g, '').slice(0, characters) || NIL;
}

/** RFC 5424 section 6.3.3. */
function escapeValue(value: string): string {
  return value.replace(/["\\\]]/g, '\\$&');
}
