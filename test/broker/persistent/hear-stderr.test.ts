import { expect, test } from 'vitest';
import type { Generation } from '../../../src/broker/configuration/generation.ts';
import type { LaunchGrant } from '../../../src/broker/monitor-link.ts';
import { hearStderr } from '../../../src/broker/persistent/hear-stderr.ts';
import { keepIndexes } from '../../../src/broker/scrub/kept-indexes.ts';
import { loadMethod, SECRET, scrub } from '../launch/fixtures.ts';

function generation(profile = '', values: readonly string[] = []): Generation {
  const method = loadMethod('jsonrpc', '    result: {}\n', profile);
  const known = values.map((value) => ({ name: 'listed', value: btoa(value) }));
  return {
    scrub: { ...scrub, values: known },
    methods: new Map([[method.name, method]]),
  } as unknown as Generation;
}

function play(first: Generation) {
  const kept: string[] = [];
  const services = {
    indexes: keepIndexes(),
    driverLogs: {
      keep: (_driver: string, _where: string, _said: object, bytes: Uint8Array) => void kept.push(`${bytes}`),
    },
    log: { warn: () => undefined, error: () => undefined },
  } as unknown as Parameters<typeof hearStderr>[3];
  const heard = hearStderr('tool', { launch: 1, secrets: [] } as unknown as LaunchGrant, first, services);
  return { heard, kept, say: (text: string) => heard.take(Buffer.from(text)) };
}

test('what a process says that a reload found running is scrubbed by the configuration of now (invariant 10)', async () => {
  const { heard, kept, say } = play(generation());
  heard.configure(generation('', [SECRET]));
  say(`it is ${SECRET}\n`);
  await heard.end(false);
  expect(kept.join('')).toContain('it is [REDACTED');
  expect(kept.join('')).not.toContain(SECRET);
});

test('a line that a reload came into is left out: half a secret would not be known as one', async () => {
  const { heard, kept, say } = play(generation());
  const half = SECRET.length / 2;
  say(`before\nit is ${SECRET.slice(0, half)}`);
  heard.configure(generation('', [SECRET]));
  say(`${SECRET.slice(half)} as you know\nafter\n`);
  await heard.end(false);
  expect(kept.join('')).toContain('after');
  expect(kept.join('')).not.toContain(SECRET.slice(half));
});

test('nothing is kept any more where the profile says so', async () => {
  const { heard, kept, say } = play(generation());
  heard.configure(generation('logs: none\n'));
  say('quiet now\n');
  await heard.end(false);
  expect(kept).toEqual([]);
});
