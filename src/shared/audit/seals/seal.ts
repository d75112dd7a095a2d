import { hash } from 'node:crypto';
import { isSigned, KEY_BYTES, publicKeyOf, SIGNATURE_BYTES, signWith } from './ed25519.ts';

/** What a seal says: that with this record an epoch ended, and which key signs the next one. */
export interface SealContent {
  /** 1 for the first seal of a log, and one more for each. */
  readonly epoch: number;
  /** The record that is sealed, and by its chain all before it: the `seal` record of that epoch. */
  readonly seq: number;
  readonly hash: string;
  /** ISO 8601, UTC, microseconds. For eyes: the order is that of the epochs (A15). */
  readonly time: string;
  /** The next epoch's public key. */
  readonly next: Buffer;
  /** Hash of the line of the seal before; NO_HASH for the first. */
  readonly prev: string;
}

export interface Seal extends SealContent {
  /** The public key of this epoch. */
  readonly key: Buffer;
  readonly signature: Buffer;
  /** Hash of this seal's line, without its newline. */
  readonly lineHash: string;
}

/** Longest line of a seals file in bytes, newline included. */
export const SEAL_LINE_BYTES_MAXIMUM = 512;

/** Stands before what is signed, so that no signature made for another purpose passes for a seal's. */
const DOMAIN = Buffer.from('driverd audit seal 1\n');
const KEY = '([A-Za-z0-9+/]{43}=)';
const LINE = new RegExp(
  '^\\{"version":1,"epoch":([1-9][0-9]{0,15}),"seq":([1-9][0-9]{0,15}),"hash":"([0-9a-f]{64})",' +
    '"time":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z)",' +
    `"key":"${KEY}","next":"${KEY}","prev":"([0-9a-f]{64})","signature":"([A-Za-z0-9+/]{86}==)"\\}$`,
);

/** A seal as its line, newline included, signed by its epoch's secret: the same bytes each time. */
export function makeSealLine(content: SealContent, secret: Buffer): Buffer {
  const body =
    `{"version":1,"epoch":${content.epoch},"seq":${content.seq},"hash":"${content.hash}","time":"${content.time}",` +
    `"key":"${publicKeyOf(secret).toString('base64')}","next":"${content.next.toString('base64')}","prev":"${content.prev}"`;
  const signature = signWith(secret, signedBytes(Buffer.from(body, 'latin1')));
  return Buffer.from(`${body},"signature":"${signature.toString('base64')}"}\n`, 'latin1');
}

/** Reads a line without its newline; null where it is not in the exact form that is written. Checks no signature. */
export function parseSeal(line: Buffer): Seal | null {
  if (line.length >= SEAL_LINE_BYTES_MAXIMUM) return null;
  const parts = LINE.exec(line.toString('latin1'));
  if (parts === null) return null;
  const [, epochText, seqText, head = '', time = '', keyText, nextText, prev = '', signatureText] = parts;
  const [epoch, seq] = [Number(epochText), Number(seqText)];
  const key = decode(keyText, KEY_BYTES);
  const next = decode(nextText, KEY_BYTES);
  const signature = decode(signatureText, SIGNATURE_BYTES);
  if (key === null || next === null || signature === null) return null;
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(seq)) return null;
  return { epoch, seq, hash: head, time, key, next, prev, signature, lineHash: hash('sha256', line, 'hex') };
}

/** Whether a seal's signature is that of the key that it names, over all else that its line says. */
export function isGenuine(seal: Seal, line: Buffer): boolean {
  const body = line.subarray(0, line.lastIndexOf(',"signature":"', undefined, 'latin1'));
  return isSigned(seal.key, signedBytes(body), seal.signature);
}

function signedBytes(body: Buffer): Buffer {
  return Buffer.concat([DOMAIN, body]);
}

/** One text for the same bytes: unused bits of the last digit must be 0 (RFC 4648, section 3.5). */
function decode(text: string | undefined, length: number): Buffer | null {
  const bytes = Buffer.from(text ?? '', 'base64');
  return bytes.length === length && bytes.toString('base64') === text ? bytes : null;
}
