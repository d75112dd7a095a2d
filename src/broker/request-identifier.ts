import { takeRandomHex } from './random-bytes.ts';

const RANDOM_BYTES = 10;
const TIME_DIGITS = 12;
/** The variant of RFC 9562 in the two highest bits of a digit. */
const VARIANT_DIGITS = '89ab';

/** A UUIDv7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then random bits. */
export function newRequestIdentifier(): string {
  const time = Date.now().toString(16).padStart(TIME_DIGITS, '0');
  const random = takeRandomHex(RANDOM_BYTES);
  const variant = VARIANT_DIGITS.charAt(Number.parseInt(random.charAt(3), 16) & 0x03);
  const version = `7${random.slice(0, 3)}`;
  return [time.slice(0, 8), time.slice(8), version, variant + random.slice(4, 7), random.slice(8)].join('-');
}
