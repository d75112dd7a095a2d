import { describe, expect, test } from 'vitest';
import { importsByComputedName, importsOf, packageOf } from './imports.ts';

describe('the reader of imports', () => {
  test.each([
    ["import { a } from './a.ts';", './a.ts', false],
    ["import a, { b } from './a.ts';", './a.ts', false],
    ["import * as a from './a.ts';", './a.ts', false],
    ["import './a.ts';", './a.ts', false],
    ['import { a } from "./a.ts";', './a.ts', false],
    ["import {\n  a,\n  type B,\n} from './a.ts';", './a.ts', false],
    ["import type { A } from './a.ts';", './a.ts', true],
    ["export type { A } from './a.ts';", './a.ts', true],
    ["export { a } from './a.ts';", './a.ts', false],
    ["export * from './a.ts';", './a.ts', false],
    ["import text from './a.json' with { type: 'json' };", './a.json', false],
    ["const a = await import('./a.ts');", './a.ts', false],
    ['const a = require("./a.ts");', './a.ts', false],
  ])('finds the module in %j', (source, specifier, erased) => {
    expect(importsOf(source)).toEqual([{ specifier, erased }]);
  });

  test.each([
    ["// import { a } from './a.ts';"],
    ["/**\n * import { a } from './a.ts';\n */"],
    ["export const from = './a.ts';"],
    ["export type Word =\n  | 'a'\n  | 'b';"],
    ['const here = import.meta.url;'],
  ])('finds none in %j', (source) => {
    expect(importsOf(source)).toEqual([]);
  });

  test('keeps the order of the text', () => {
    const source = "import './b.ts';\nimport './a.ts';\nawait import('./c.ts');\n";
    expect(importsOf(source).map(({ specifier }) => specifier)).toEqual(['./b.ts', './a.ts', './c.ts']);
  });

  test('sees an import whose name is computed', () => {
    expect(importsByComputedName('await import(name);')).toBe(true);
    expect(importsByComputedName("await import('./a.ts');")).toBe(false);
  });

  test.each([
    ['koffi', 'koffi'],
    ['ajv/dist/2020.js', 'ajv'],
    ['@cedar-policy/cedar-wasm/nodejs', '@cedar-policy/cedar-wasm'],
    ['node:fs', null],
    ['fs', null],
    ['./a.ts', null],
  ])('takes %s for the package %s', (specifier, name) => {
    expect(packageOf(specifier)).toBe(name);
  });
});
