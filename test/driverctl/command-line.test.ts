import { describe, expect, test } from 'vitest';
import { parseCommandLine, wholeNumber } from '../../src/driverctl/command-line.ts';

describe('the command line', () => {
  test('takes options before, between and after the operands', () => {
    const { options, operands } = parseCommandLine([
      '--socket',
      '/s',
      'call',
      '-v',
      'disk.usage',
      'path=/',
      '--json',
    ]);
    expect(options).toEqual({ socket: '/s', verbose: true, json: true });
    expect(operands).toEqual(['call', 'disk.usage', 'path=/']);
  });

  test('takes a lone dash and what follows two dashes as operands', () => {
    expect(parseCommandLine(['call', 'm', '-']).operands).toEqual(['call', 'm', '-']);
    expect(parseCommandLine(['call', 'm', '--', '--raw=1']).operands).toEqual(['call', 'm', '--raw=1']);
  });

  test('takes short options with their values', () => {
    expect(parseCommandLine(['audit', 'tail', '-fn', '3']).options).toEqual({ follow: true, lines: '3' });
  });

  test.each([
    [['--bogus'], "Cannot read the command line: Unknown option '--bogus'"],
    [['--timeout'], "Cannot read the command line: Option '--timeout <value>' argument missing"],
    [['--raw=1'], "Cannot read the command line: Option '--raw' does not take an argument"],
  ])('refuses %j', (words, message) => {
    expect(() => parseCommandLine(words)).toThrow(message);
  });
});

describe('a whole number', () => {
  test('is decimal digits within its bounds', () => {
    expect(wholeNumber('250', '--timeout', 1, 1000)).toBe(250);
  });

  test.each(['', '0', '1001', '-1', '1e3', '0x10', '1.5', ' 1', '٣', '9'.repeat(400)])(
    'is not %j',
    (text) => {
      expect(() => wholeNumber(text, '--timeout', 1, 1000)).toThrow('Cannot read --timeout');
    },
  );
});
