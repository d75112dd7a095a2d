/** The border with which a pattern begins. */
const BORDER = /^\(\?<!(\[[^\]]{1,40}\])\)/;
/** That, or what is printed right in front of a token: an escape of a string, of a URL, or of a terminal. */
const BORDER_OR_ESCAPE = '(?:(?<!$1)|(?<=\\\\[nrt]|%[0-9A-Fa-f]{2}|\\x1b\\[[0-9;]{0,12}m))';

/** The pattern, whose match may also stand behind an escape where it begins with a border. */
export function behindEscapes(source: string, flags: string): RegExp {
  return new RegExp(source.replace(BORDER, BORDER_OR_ESCAPE), flags);
}
