/** Strings of JSON as tools write them (with `/`, non-ASCII or HTML's characters escaped), and in JSON again. */
export function jsonForms(text: string): string[] {
  const json = inJson(text);
  const ascii = escaped(json, /[\u007f-\uffff]/g);
  const html = escaped(json, /[<>&]/g);
  const once = [json, ascii, html, escaped(html, /[\u007f-\uffff']/g)];
  return [...once, ...once.map(inJson)].flatMap((form) => [form, form.replaceAll('/', '\\/')]);
}

/** Without the quotes around it. */
export function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function escaped(json: string, characters: RegExp): string {
  return json.replaceAll(
    characters,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
