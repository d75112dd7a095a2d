import { chownSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeFolder } from '../../shared/audit/made-log.ts';
import { run } from '../played-surroundings.ts';

test('audit reset is refused on a state folder of another user, whose daemon could not read the request', async () => {
  const folder = makeFolder();
  chownSync(folder, 1000, 1000);
  const { status, stderr } = await run(['audit', 'reset', '--state', folder]);
  expect(status).toBe(10);
  expect(stderr).toContain(`${folder} belongs to user 1000: run this as that user`);
  expect(readdirSync(folder)).toEqual([]);
});
