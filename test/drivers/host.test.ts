import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { describe, expect, test } from 'vitest';
import { readDistribution } from '../../drivers/host/os-release.ts';
import { result } from './start.ts';

describe('host.info', () => {
  test('tells what the kernel tells', async () => {
    const found = await result('drivers/host/host.ts', 'info');
    expect(found).toMatchObject({
      kernel: { name: 'Linux', release: release() },
      distribution: readDistribution(readFileSync('/etc/os-release', 'utf8')),
      memory: { total_bytes: totalmem() },
      cpu: { count: cpus().length },
    });
  });
});

describe('os-release', () => {
  test.each([
    ['ID=debian\nPRETTY_NAME="Debian 12"\nVERSION_ID="12"\n', 'debian', 'Debian 12', '12'],
    ["# comment\nID='x'\nNAME=X\n", 'x', 'X', null],
    ['PRETTY_NAME="a \\"b\\" \\$c"\n', null, 'a "b" $c', null],
    ['', null, null, null],
    ['ID="\n', '"', null, null],
  ])('%j is read as os-release(5) says', (text, id, name, version) => {
    expect(readDistribution(text)).toEqual({ id, name, version });
  });
});
