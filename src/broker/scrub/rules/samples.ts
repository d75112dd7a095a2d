/** Parts of the examples of rules: not secrets of anyone, and made at run time so that they set off no secret scanner. */
const MIXED = 'a7Kf2Qx9ZbN4rT1mW8cYpJ5hV3sGdL6uEoR0kXwBnC4tMzQ2yHjP8vF1gS5iUqA9e';
const LOWER = 'k7f2qx9zb4n1rt8mw3cy5pj0hv6sgd2lu9eo4kxw7bn1ct8mz5qy3hjp0vf6gs2iu';
const HEX = '9f3c1e7a5b08d264c7e19ab35f0d8264be71c93a06f5d82e4b9c17f03ad6e582';
const DIGITS = '7402916385';

const repeated = (alphabet: string, length: number): string =>
  alphabet.repeat(Math.ceil(length / alphabet.length)).slice(0, length);

/** Letters of both cases and digits. */
export const mixed = (length: number): string => repeated(MIXED, length);
export const lower = (length: number): string => repeated(LOWER, length);
export const upper = (length: number): string => repeated(LOWER, length).toUpperCase();
export const hex = (length: number): string => repeated(HEX, length);
export const digits = (length: number): string => repeated(DIGITS, length);
export const uuid = (): string =>
  [hex(8), HEX.slice(8, 12), `4${HEX.slice(13, 16)}`, `8${HEX.slice(17, 20)}`, HEX.slice(20, 32)].join('-');
