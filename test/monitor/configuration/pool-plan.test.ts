import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type PoolPlan, planPool } from '../../../src/monitor/configuration/pool-plan.ts';
import { parseProfile } from '../../../src/shared/configuration/profile.ts';

/** More than are looked at. */
const MANY_FILES = 1_025;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driverd-pool-plan-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function planned(more = ''): PoolPlan | null {
  const profile = parseProfile('/c/tool.yaml', Buffer.from(`version: 1\nmode: persistent\n${more}`));
  return planPool(profile, { kind: 'jsonrpc' } as Parameters<typeof planPool>[1], folder);
}

test('a driver is started by the same plan until a file of its folder changes', () => {
  writeFileSync(join(folder, 'part.mjs'), 'before');
  const before = planned();
  expect(planned()).toEqual(before);
  writeFileSync(join(folder, 'part.mjs'), 'after it');
  expect(planned()).not.toEqual(before);
});

test('where a folder has too many files to look at, every load counts as a change: code from before serves no call', () => {
  for (let file = 0; file < MANY_FILES; file += 1) writeFileSync(join(folder, `${file}.mjs`), '');
  expect(planned()).not.toEqual(planned());
});

test('a setting that is the broker’s alone is a change of the profile too', () => {
  expect(planned('logs: none\n')).not.toEqual(planned());
  expect(planned('limits: { output_bytes: 4096 }\n')).not.toEqual(planned());
});
