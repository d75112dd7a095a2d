import { AUTHPRIV, IDENTIFIER } from './identity.ts';
import type { Shipment } from './shipment.ts';

const NEWLINE = Buffer.from('\n');

/**
 * One entry in the journal's native protocol (systemd, docs/JOURNAL_NATIVE_PROTOCOL.md). Every value has its length
 * before it, so that no byte in it can begin another field.
 */
export function journalEntry({ text, priority, fields, line, isRecord }: Shipment): Buffer {
  const own: readonly (readonly [string, string | Buffer])[] = [
    ['MESSAGE', text],
    ['PRIORITY', String(priority)],
    ['SYSLOG_IDENTIFIER', IDENTIFIER],
    ['SYSLOG_FACILITY', String(AUTHPRIV)],
  ];
  const named = fields.map(([name, value]) => [`DRIVERD_${name.toUpperCase()}`, value] as const);
  const record: readonly (readonly [string, string | Buffer])[] = isRecord ? [['DRIVERD_RECORD', line]] : [];
  return Buffer.concat([...own, ...named, ...record].flatMap(([name, value]) => field(name, value)));
}

function field(name: string, value: string | Buffer): readonly Buffer[] {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return [Buffer.from(`${name}\n`), length, bytes, NEWLINE];
}
