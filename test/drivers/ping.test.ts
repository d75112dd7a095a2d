import { describe, expect, test } from 'vitest';
import { parseTargets } from '../../drivers/ping/targets.ts';
import { refusal } from './start.ts';

describe('the list of targets', () => {
  const targets = parseTargets(' 127.0.0.0/8\t::1 192.0.2.7 2001:db8::/32\nGateway.example ');

  test.each(['127.0.0.1', '127.255.255.255', '::1', '192.0.2.7', '2001:db8:ffff::1'])('has %s', (address) => {
    expect(targets?.hasAddress(address)).toBe(true);
  });

  test.each(['128.0.0.1', '192.0.2.8', '::2', '2001:db9::1', '0.0.0.0', '127.1', '0x7f.1', '2130706433', ''])(
    'has no address %j',
    (address) => {
      expect(targets?.hasAddress(address)).toBe(false);
      expect(targets?.hasName(address)).toBe(false);
    },
  );

  test('has a name where it stands there itself, whatever its case', () => {
    expect(targets?.hasName('gateway.EXAMPLE')).toBe(true);
    for (const name of ['example', 'x.gateway.example', 'localhost', 'gateway.example.'])
      expect(targets?.hasName(name)).toBe(false);
  });

  test.each([
    '127.0.0.0/33',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10/8',
    'a_b',
    '-x',
    '127.1',
    '!',
    '::1%lo',
  ])('that holds %s is refused as a whole', (word) => {
    expect(() => parseTargets(`127.0.0.1 ${word}`)).toThrow(/^Cannot read PING_TARGETS: /);
  });

  test('of blanks is none', () => {
    for (const text of ['', ' \n\t']) expect(parseTargets(text)).toBeNull();
  });
});

describe('ping.send', () => {
  test('refuses everything where the profile lists nothing', async () => {
    expect(await refusal('drivers/ping/ping.ts', 'send', { target: '127.0.0.1' })).toMatchObject({
      data: { error: 'no_targets' },
    });
  });
});
