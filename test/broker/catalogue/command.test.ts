import { expect, test } from 'vitest';
import { loadMethods, namedParams } from '../../../src/broker/catalogue/catalogue.ts';
import { commandInput, gateInput } from '../../../src/broker/catalogue/command.ts';
import { commandResult } from '../../../src/broker/catalogue/output.ts';
import { parseProfile } from '../../../src/shared/configuration/profile.ts';

const PROFILE = parseProfile('/etc/driverd/drivers.d/tool.yaml', Buffer.from('version: 1\n')).value;
const STRING = '{ type: string }';

function manifest(method: string, environment = '[]'): Buffer {
  return Buffer.from(
    `version: 1\nname: tool\nkind: command\nprogram: { executable: /usr/bin/true, environment: ${environment} }\nmethods:\n  run:\n    result: { type: object }\n${method}`,
  );
}
const load = (method: string, environment?: string) => {
  const [loaded] = loadMethods('tool', PROFILE, '/drivers/tool/driver.yaml', manifest(method, environment));
  if (loaded?.command === null || loaded === undefined) throw new Error('no command');
  return { method: loaded, command: loaded.command };
};
const params = (properties: string): string =>
  `    params: { type: object, additionalProperties: false, properties: ${properties} }\n`;

test('params become whole argv elements, in order; absent ones add nothing', () => {
  const { command } = load(
    `${params(`{ a: ${STRING}, n: { type: integer }, v: { type: boolean }, many: { type: array, items: ${STRING} } }`)}    arguments: [get, { flag: v, words: [-v, -x] }, { param: n, prefix: '--count=' }, --, { param: a }, { param: many }]\n`,
  );
  const input = commandInput(command, { a: 'x y', n: 3, v: true, many: ['-p', '$(q)'] });
  expect(input).toMatchObject({
    ok: true,
    arguments: ['get', '-v', '-x', '--count=3', '--', 'x y', '-p', '$(q)'],
  });
  expect(commandInput(command, { v: false })).toMatchObject({ ok: true, arguments: ['get', '--'] });
});

test('a value that a program would read as an option is refused unless the template protects it', () => {
  const { command } = load(`${params(`{ a: ${STRING} }`)}    arguments: [{ param: a }]\n`);
  expect(commandInput(command, { a: '--output=/etc/passwd' })).toEqual({
    ok: false,
    at: '/a',
    rule: 'option',
  });
});

test.each(['a\0b', 'a\nb', 'a\u001b[0m', '\u007f'])(
  'an argv element with a control character is refused: %j (J9)',
  (value) => {
    const { command } = load(`${params(`{ a: ${STRING} }`)}    arguments: [--, { param: a }]\n`);
    expect(commandInput(command, { a: value })).toEqual({ ok: false, at: '/a', rule: 'control-character' });
  },
);

test('an element over 128 KiB, or all of them over their limit, is refused before anything starts (L16)', () => {
  const { command } = load(
    `${params(`{ many: { type: array, items: ${STRING} } }`)}    arguments: [--, { param: many }]\n`,
  );
  expect(commandInput(command, { many: ['x'.repeat(131_072)] })).toEqual({
    ok: false,
    at: '/many',
    rule: 'length',
  });
  expect(
    commandInput(command, { many: Array.from({ length: 20 }, () => 'x'.repeat(100_000)) }),
  ).toMatchObject({ rule: 'arguments-length' });
});

test.each(['LD_PRELOAD', 'NODE_OPTIONS', 'PATH', 'IFS', 'A=B', '1A'])(
  'a manifest that lets a param set %s is refused at load (L6)',
  (name) => {
    const text = `${params(`{ a: ${STRING} }`)}    environment: { ${JSON.stringify(name)}: { param: a } }\n`;
    expect(() => load(text, JSON.stringify([name]))).toThrow(/Cannot load/);
  },
);

test('a variable that the program block does not name is refused at load (L6)', () => {
  expect(() => load(`${params(`{ a: ${STRING} }`)}    environment: { LC_ALL: { param: a } }\n`)).toThrow(
    /LC_ALL is not in program\.environment/,
  );
});

test('a secret param that is mapped to an argument is refused at load (X10)', () => {
  const text = `${params('{ a: { type: string, secret: true } }')}    arguments: [{ param: a }]\n`;
  expect(() => load(text)).toThrow(/driver\.yaml:\d+: methods\.run\.arguments: a is secret/);
});

test('a template that names what is not there is refused at load', () => {
  expect(() => load(`${params('{}')}    arguments: [{ param: nothing }]\n`)).toThrow(
    /nothing is not a param/,
  );
});

test('the gate reads one line for each variable, one for each element, and a dot', () => {
  expect(Buffer.from(gateInput(['C', null], ['', '.', ':x'])).toString()).toBe(':C\n-\n:\n:.\n::x\n.\n');
});

test('params by position get the names of the manifest (J18)', () => {
  const { method } = load(`${params(`{ a: ${STRING}, b: ${STRING} }`)}    positional: [a, b]\n`);
  expect(namedParams(method, ['x'])).toEqual({ a: 'x' });
  expect(namedParams(method, ['x', 'y', 'z'])).toBeNull();
  expect(namedParams(method, undefined)).toEqual({});
});

test('stdout is read as the manifest says; what is not UTF-8 becomes base64', () => {
  const limits = { depth: 8, keys: 100 };
  expect(commandResult('text', 0, Buffer.from('a\n'), limits)).toEqual({ exit_status: 0, stdout: 'a\n' });
  expect(commandResult('text', 0, Buffer.from([0xff]), limits)).toEqual({
    exit_status: 0,
    stdout: { base64: '/w==' },
  });
  expect(commandResult('lines', 2, Buffer.from('a\nb\n'), limits)).toEqual({
    exit_status: 2,
    stdout: ['a', 'b'],
  });
  expect(commandResult('json', 0, Buffer.from('{"a":1}'), limits)).toEqual({
    exit_status: 0,
    stdout: { a: 1 },
  });
  expect(commandResult('json', 0, Buffer.from('{"a":1,"a":2}'), limits)).toBeNull();
});
