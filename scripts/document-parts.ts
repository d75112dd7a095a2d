/**
 * A document with one of its generated parts made anew.
 *
 * @param maker the script that its markers name
 * @throws Error where it lacks the part's markers
 */
export function replacePart(text: string, name: string, maker: string, content: string): string {
  const begin = `<!-- ${name}: made by scripts/${maker} -->\n`;
  const end = `<!-- end of ${name} -->\n`;
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Cannot write the part ${name}: its markers are not there`);
  return `${text.slice(0, from)}${begin}\n${content}\n${text.slice(to)}`;
}

/** As a cell of a table. */
export const cell = (text: string): string => text.replaceAll('|', '\\|');
