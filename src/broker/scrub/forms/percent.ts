const UNRESERVED = /[^A-Za-z0-9_.~-]/g;
/** What `encodeURIComponent` and `jq @uri` leave as it is beyond that (ECMA-262, 19.2.6.4). */
const BEYOND_COMPONENT = /[^A-Za-z0-9_.~!*'()-]/g;
/** What forms of the web leave as it is (WHATWG URL, 1.3), but for spaces. */
const BEYOND_FORM = /[^A-Za-z0-9_.*-]/g;

/** RFC 3986, in both cases, of other sets of characters, with `+` for a space, and encoded twice. */
export function percentForms(bytes: Buffer): string[] {
  const text = bytes.toString('latin1');
  const once = [UNRESERVED, BEYOND_COMPONENT, BEYOND_FORM].map((characters) => encode(text, characters));
  const all = once.flatMap((form) => [form, form.replaceAll('%20', '+')]);
  const twice = all.map((form) => form.replaceAll('%', '%25'));
  return [...all, ...twice].flatMap((form) => [
    form,
    form.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  ]);
}

function encode(text: string, characters: RegExp): string {
  return text.replaceAll(
    characters,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
