import { expect, test } from 'vitest';
import { limitsFor } from '../../../src/broker/admit/limits-for.ts';
import { parseSettings } from '../../../src/shared/configuration/settings.ts';

const SETTINGS = parseSettings(
  'driverd.yaml',
  Buffer.from(`version: 1
roles: { people: { users: [bob] } }
limits: { calls_per_minute: 500 }
limit_overrides:
  - { methods: [disk.usage], limits: { calls_per_minute: 7 } }
  - { drivers: [disk], roles: [people], limits: { calls_per_minute: 9, queue_ms: 1 } }
  - { roles: [people], limits: { calls_per_minute: 60, batch_length: 2 } }
`),
);

const rows: readonly (readonly [readonly string[], string | null, number, number, number])[] = [
  [[], 'host.info', 500, 5000, 64],
  [[], 'disk.usage', 7, 5000, 64],
  [['people'], 'disk.usage', 7, 1, 2],
  [['people'], 'disk.largest', 9, 1, 2],
  [['people'], 'host.info', 60, 5000, 2],
  [['others'], 'disk.largest', 500, 5000, 64],
  [['people'], null, 60, 5000, 2],
  [[], null, 500, 5000, 64],
];
test.each(rows)(
  'roles %j that call %s get %d calls a minute, %d ms of waiting, and batches of %d',
  (roles, name, calls, wait, batch) => {
    const method = name === null ? null : { name, driver: name.slice(0, name.indexOf('.')) };
    const limits = limitsFor(SETTINGS, roles, method);
    expect([limits.calls_per_minute, limits.queue_ms, limits.batch_length]).toEqual([calls, wait, batch]);
  },
);

test.each([
  ['calls_per_minute: 0', 'driverd.yaml:3: limit_overrides.0.limits.calls_per_minute: must be >= 1'],
  ['calls_per_minutes: 5', 'calls_per_minute'],
  ['in_flight: 5', 'in_flight'],
])('a limit that is out of bounds or none of the overrides is refused: %s', (limit, why) => {
  const text = `version: 1\nlimit_overrides:\n  - { limits: { ${limit} } }\n`;
  expect(() => parseSettings('driverd.yaml', Buffer.from(text))).toThrow(why);
});
