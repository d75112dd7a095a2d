const NAMES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};

/** XML and HTML: the five characters by name or number, quotes left as they are, and all that is not ASCII by number. */
export function markupForms(text: string): string[] {
  const named = encode(text, /[&<>"']/g, (character) => NAMES[character] ?? '');
  const decimal = (character: string): string => `#${character.codePointAt(0)}`;
  const hex = (character: string): string => `#x${character.codePointAt(0)?.toString(16)}`;
  const quotesByNumber = [/&apos;/g, '&#39;'] as const;
  return [
    ...[named, encode(text, /[&<>]/g, (character) => NAMES[character] ?? '')],
    ...[named.replaceAll(...quotesByNumber), named.replaceAll('&apos;', '&#x27;')],
    named.replaceAll('&apos;', '&#39;').replaceAll('&quot;', '&#34;'),
    ...[encode(text, /[&<>"']/g, decimal), encode(text, /[&<>"']/g, hex)],
    ...[encode(text, /[&<>"']|[^\0-\x7f]/gu, decimal), encode(text, /[&<>"']|[^\0-\x7f]/gu, hex)],
  ];
}

function encode(text: string, characters: RegExp, nameOf: (character: string) => string): string {
  return text.replaceAll(characters, (character) => `&${nameOf(character)};`);
}
