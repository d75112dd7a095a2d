import { expect, test } from 'vitest';
import { MAXIMUM_CHANGES } from '../../../src/boundary/configuration-change.ts';
import { BROKER_FRAME_BYTES, encodeFrame } from '../../../src/boundary/frames.ts';
import { type Compared, changesOf } from '../../../src/broker/configuration/changes.ts';
import { readSettings } from '../../../src/shared/configuration/settings.ts';

function configuration(settings: string, policies: Readonly<Record<string, string>> = {}): Compared {
  const bytes = new TextEncoder().encode(`version: 1\n${settings}`);
  return {
    settings: readSettings('driverd.yaml', bytes).value,
    policy: { texts: new Map(Object.entries(policies)) },
  };
}

test('the first configuration of a broker changes nothing that it could know of', () => {
  expect(changesOf(null, configuration('', { one: 'permit' }))).toEqual({ changes: [], changeCount: 0 });
});

test('what is written out as its default is no change, nor is the order of policies', () => {
  const before = configuration('', { one: 'a', two: 'b' });
  const now = configuration('limits: { calls_per_minute: 6000 }', { two: 'b', one: 'a' });
  expect(changesOf(before, now).changeCount).toBe(0);
});

test('no text of a setting is told: what an admin wrote may be a secret', () => {
  const now = configuration(
    'scrub: { rules: [{ id: ours, keywords: [hunter2], pattern: "hunter2[0-9]+" }] }',
  );
  const { changes } = changesOf(configuration(''), now);
  expect(changes).toEqual([
    { what: 'setting', name: 'scrub.rules', change: 'changed', before: null, now: null },
  ]);
});

test('a thousand changes with the longest ids are counted, and as many told as a message holds (invariant 14)', () => {
  const policies = Array.from({ length: 1_000 }, (_, index): [string, string] => [
    `${'"'.repeat(125)}${index}`,
    'permit',
  ]);
  const told = changesOf(configuration(''), configuration('', Object.fromEntries(policies)));
  expect(told.changeCount).toBe(1_000);
  expect(told.changes).toHaveLength(MAXIMUM_CHANGES);
  const message = { type: 'accepted', generation: Number.MAX_SAFE_INTEGER, ...told };
  expect(encodeFrame(JSON.stringify(message)).length).toBeLessThan(BROKER_FRAME_BYTES);
});
