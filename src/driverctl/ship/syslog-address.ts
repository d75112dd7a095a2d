import { isIP } from 'node:net';
import { Failure } from '../failure.ts';

/** Where a syslog receiver listens. */
export type SyslogAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tls'; readonly host: string; readonly port: number };

/** The local receiver's socket (syslog(3)). */
export const LOCAL_SOCKET = '/dev/log';
/** RFC 5425 section 4.1. */
const TLS_PORT = 6514;
const LARGEST_PORT = 65_535;
const HOST_AND_PORT =
  /^(?:\[(?<bracketed>[0-9a-fA-F:.%]+)\]|(?<plain>[^:\s/[\]]+))(?::(?<port>[0-9]{1,5}))?$/u;

/** Reads `--address`: a path, or HOST or HOST:PORT for TLS, an IPv6 address in brackets. Throws `Failure` (usage). */
export function readSyslogAddress(text: string): SyslogAddress {
  if (text.startsWith('/')) return { kind: 'unix', path: text };
  const { bracketed, plain, port = String(TLS_PORT) } = HOST_AND_PORT.exec(text)?.groups ?? {};
  const host = bracketed ?? plain;
  const number = Number(port);
  if (host === undefined || number < 1 || number > LARGEST_PORT || (bracketed !== undefined && !isIP(host)))
    throw new Failure('usage', `Cannot read --address: ${text} is neither a path nor HOST or HOST:PORT`);
  return { kind: 'tls', host, port: number };
}
