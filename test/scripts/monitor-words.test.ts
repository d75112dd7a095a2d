import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { monitorWords } from '../../scripts/monitor-words.ts';

test('the unit starts the monitor with the options that it is tested and measured with', () => {
  const unit = readFileSync(join(ROOT, 'systemd/driverd.service'), 'utf8');
  const [, words = ''] = /^ExecStart=\S+\/node (.*)$/m.exec(unit) ?? [];
  const same = (word: string): string => (word.startsWith('--') ? word : basename(word));
  expect(words.split(' ').map(same)).toEqual(monitorWords().map(same));
});
