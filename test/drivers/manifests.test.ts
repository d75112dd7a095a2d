import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadMethods, type Method } from '../../src/broker/catalogue/catalogue.ts';
import { commandInput } from '../../src/broker/catalogue/command.ts';
import { parseProfile } from '../../src/shared/configuration/profile.ts';
import type { JsonObject } from '../../src/shared/json-value.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folders = ['drivers', 'test/fixtures/drivers'].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => join(root, folder, name)),
);

function methodsOf(folder: string): readonly Method[] {
  const name = basename(folder);
  const profile = parseProfile(`${name}.yaml`, Buffer.from('version: 1\n')).value;
  const file = join(folder, 'driver.yaml');
  return loadMethods(name, profile, file, readFileSync(file));
}

function commandWords(folder: string, name: string, params: JsonObject) {
  const method = methodsOf(join(root, folder)).find((candidate) => candidate.name === name);
  if (method === undefined || method.command === null) throw new Error(`Cannot find ${name}`);
  expect(method.params.check(params).ok).toBe(true);
  return commandInput(method.command, params);
}

describe('the manifests', () => {
  test.each(folders)('%s has a manifest that loads, every schema compiled', (folder) => {
    expect(methodsOf(folder).length).toBeGreaterThan(0);
  });

  test('accounts puts what callers send behind `--` (CWE-88)', () => {
    const made = commandWords('drivers/accounts', 'accounts.lookup', { database: 'passwd', key: '-s' });
    expect(made).toMatchObject({ ok: true, arguments: ['--', 'passwd', '-s'] });
  });

  test.each(['', 'a b', 'a\n', '$(id)', '*', '../x'])('accounts refuses the key %j', (key) => {
    const [method] = methodsOf(join(root, 'drivers/accounts'));
    expect(method?.params.check({ database: 'passwd', key })).toMatchObject({ ok: false, at: '/key' });
  });

  test.each(['srv', '/srv/../etc', '/srv/', '//srv', ''])('disk refuses the path %j', (path) => {
    for (const method of methodsOf(join(root, 'drivers/disk'))) {
      expect(method.params.check({ path })).toEqual({ ok: false, at: '/path', rule: 'format' });
    }
  });

  test('the arguments fixture gets its words and its variable', () => {
    const params = { words: ['a', '-b', '$(id)', ''], locale: 'C.UTF-8' };
    expect(commandWords('test/fixtures/drivers/arguments', 'arguments.show', params)).toMatchObject({
      ok: true,
      arguments: ['--', 'a', '-b', '$(id)', ''],
      environment: ['C.UTF-8'],
    });
  });
});
