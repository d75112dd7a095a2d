import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** One module named by another. */
export interface Import {
  readonly specifier: string;
  /** Whether it is gone once types are stripped: `import type` and `export type`. */
  readonly erased: boolean;
}

const STATEMENT =
  /^[ \t]*(?:import|export)\s+(type\s+)?(?:[^'"`;()=]*?\bfrom\s+)?(?:'([^'\n]+)'|"([^"\n]+)")/gm;
const EXPRESSION = /\b(?:import|require)\(\s*(?:'([^'\n]+)'|"([^"\n]+)")/g;
const COMPUTED = /\b(?:import|require)\(\s*[^'"\s]/;

/** The modules that a source names in statements, `import()` and `require()`, in the order of the text. */
export function importsOf(source: string): readonly Import[] {
  const code = withoutComments(source);
  const statements = [...code.matchAll(STATEMENT)].map(({ index, 1: type, 2: single, 3: double }) => {
    return { index, specifier: single ?? double ?? '', erased: type !== undefined };
  });
  const expressions = [...code.matchAll(EXPRESSION)].map(({ index, 1: single, 2: double }) => {
    return { index, specifier: single ?? double ?? '', erased: false };
  });
  return [...statements, ...expressions]
    .sort((left, right) => left.index - right.index)
    .map(({ specifier, erased }) => ({ specifier, erased }));
}

/** Whether a source imports a module whose name is made while it runs, which no reader of the text can follow. */
export function importsByComputedName(source: string): boolean {
  return COMPUTED.test(withoutComments(source));
}

/** Comments that fill their lines; a statement never follows one on the same line. */
function withoutComments(source: string): string {
  return source.replaceAll(/^[ \t]*\/\*[\s\S]*?\*\//gm, '').replaceAll(/^[ \t]*\/\/.*$/gm, '');
}

/** The TypeScript and JavaScript files below a folder of the checkout, by their paths in it. */
export function sourceFiles(folder: string): readonly string[] {
  const absolute = join(root, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?[jt]s$/.test(name))
    .map((name) => join(folder, name))
    .sort();
}

/** The text of a file of the checkout. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Where a relative import leads, by its path in the checkout. */
export function resolveImport(importer: string, specifier: string): string {
  return relative(root, join(root, dirname(importer), specifier)).replaceAll(sep, '/');
}

/** The npm package that a specifier names, or null for a file or a module of Node's own. */
export function packageOf(specifier: string): string | null {
  if (specifier.startsWith('.') || specifier.startsWith('node:') || builtinModules.includes(specifier))
    return null;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Everything that comes into a process with its main file. */
export interface Closure {
  readonly files: ReadonlySet<string>;
  /** npm packages and modules of Node's own, each with the file that imports it first. */
  readonly modules: ReadonlyMap<string, string>;
}

/** Follows all imports that are still there once types are stripped. */
export function closureOf(main: string): Closure {
  const files = new Set<string>();
  const modules = new Map<string, string>();
  const waiting = [main];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    if (file.endsWith('.json')) continue;
    for (const { specifier, erased } of importsOf(read(file))) {
      if (erased) continue;
      if (specifier.startsWith('.')) waiting.push(resolveImport(file, specifier));
      else {
        const name = packageOf(specifier) ?? specifier;
        if (!modules.has(name)) modules.set(name, file);
      }
    }
  }
  return { files, modules };
}
