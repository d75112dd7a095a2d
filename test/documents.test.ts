import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../scripts/development-folder.ts';
import { attemptsOf, type Subject } from './attack/isolation/powerful-attempts.ts';
import { allTitles } from './attack/titles.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const documents = [
  ...globSync('*.md', { cwd: ROOT }),
  ...globSync('{docs,protocol,drivers,bench}/**/*.md', { cwd: ROOT, exclude: ['**/node_modules/**'] }),
].sort();

/** First parts of a path in the checkout; a word between backticks that begins with one is a path. */
const PLACES = /^(?:src|test|protocol|drivers|scripts|docs|systemd|bench|\.ci)\/[\w./*-]*$/;

/** What stands between backticks outside of code blocks. */
function codeWords(text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word);
}

/** The rows of the first table after a heading, without head and rule. */
function tableAfter(text: string, heading: string): string[] {
  const [, after = ''] = text.split(`\n## ${heading}\n`);
  const rows = after
    .split('\n## ')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('|'));
  return rows?.slice(2) ?? [];
}

describe.each(documents)('%s', (document) => {
  const text = read(document);

  test('links to files that exist', () => {
    const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    const files = links.filter((target) => !/^[a-z]+:/.test(target));
    expect(files.filter((target) => !existsSync(join(ROOT, dirname(document), target)))).toEqual([]);
  });

  test('names paths of the checkout that exist', () => {
    const paths = codeWords(text).filter((word) => PLACES.test(word));
    expect(paths.filter((path) => globSync(path, { cwd: ROOT }).length === 0)).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...text.matchAll(/\bnpm (?:run ([a-z]+)|(test|start)\b)/g)];
    expect(
      named.map(([, run, own]) => run ?? own).filter((name) => name === undefined || !(name in scripts)),
    ).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  const text = read('ARCHITECTURE.md');

  test('draws the tree as it is: every folder of src, and every stage of a process', () => {
    const rows = tableAfter(text, 'The tree').map((row) => row.split('|').map((cell) => cell.trim()));
    const drawn = new Map(rows.map(([, folder = '', holds = '']) => [folder.replaceAll('`', ''), holds]));
    const folders = (path: string): string[] =>
      readdirSync(join(ROOT, path), { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? [entry.name] : [],
      );
    expect([...drawn.keys()].filter((folder) => folder.startsWith('src/')).sort()).toEqual(
      folders('src')
        .map((name) => `src/${name}/`)
        .sort(),
    );
    for (const name of folders('src')) {
      const words = codeWords(drawn.get(`src/${name}/`) ?? '');
      expect([name, words.sort()]).toEqual([name, folders(`src/${name}`).sort()]);
    }
  });

  test('names the stages in the order in which the pipeline runs them, with errors that exist', () => {
    const rows = tableAfter(text, 'The life of a call').map((row) =>
      row.split('|').map((cell) => cell.trim()),
    );
    const files = rows.map(([, , file = '']) => file.match(/\((src\/broker\/[^)]+)\)/)?.[1] ?? file);
    // `answer` runs the driver by way of `perform`, which stands below it.
    const pipeline = read('src/broker/pipeline.ts').replace('perform(', 'run(');
    const calls = files
      .map((file) => file.match(/([\w-]+)\.ts$/)?.[1] ?? '')
      .map((name) => name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()))
      .map((name) => pipeline.indexOf(`${name}(`))
      .filter((at) => at >= 0);
    expect(calls.length).toBeGreaterThan(3);
    expect(calls).toEqual(calls.toSorted((one, other) => one - other));

    const { errors } = JSON.parse(read('protocol/errors.json'));
    const reasons = new Set(errors.map((error: { reason: string }) => error.reason));
    const named = rows.flatMap(([, , , , exit = '']) =>
      exit
        .replaceAll(/\([^)]*\)/g, '')
        .split(',')
        .map((word) => word.trim())
        .filter(Boolean),
    );
    expect(named.filter((reason) => !reasons.has(reason))).toEqual([]);
  });
});

test('SECURITY.md lists the attempts that do not apply to root, and no others', () => {
  const notTried = (subject: Subject): string[] =>
    Object.entries(attemptsOf(subject)).flatMap(([name, entry]) => ('doesNotApply' in entry ? [name] : []));
  const whoever = notTried('a driver with CAP_NET_RAW');
  const rows = tableAfter(read('SECURITY.md'), 'A driver with a capability, or as root');
  expect(rows.map((row) => row.match(/^\| `(\w+)` \|/)?.[1])).toEqual(
    notTried('a driver that runs as root').filter((name) => !whoever.includes(name)),
  );
});

test('SECURITY.md quotes tests that exist', () => {
  const titles = allTitles();
  const quoted = tableAfter(read('SECURITY.md'), 'The driver transport, threat by threat').map(
    (row) => row.match(/\| "(.+)" \|$/)?.[1] ?? row,
  );
  expect(quoted.length).toBeGreaterThan(10);
  expect(quoted.filter((title) => !titles.has(title))).toEqual([]);
});
