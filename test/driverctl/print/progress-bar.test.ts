import { describe, expect, test } from 'vitest';
import { createProgressBar, progressLine, readProgress } from '../../../src/driverctl/print/progress-bar.ts';

describe('a progress line', () => {
  test('has bar, share, figures, rate and time left', () => {
    expect(progressLine({ progress: 250, total: 1000, message: 'counting' }, 5_000, 100)).toBe(
      '[#####               ] 25% 250/1.0k 50/s 0:15 left counting',
    );
  });

  test('has no bar and no time left without a total', () => {
    expect(progressLine({ progress: 1_500_000, total: null, message: '' }, 1_000, 100)).toBe('1.5M 1.5M/s');
  });

  test('has no rate before anything was done, and no time left at the end', () => {
    expect(progressLine({ progress: 0, total: 10, message: '' }, 0, 100)).toBe(`[${' '.repeat(20)}] 0% 0/10`);
    expect(progressLine({ progress: 10, total: 10, message: '' }, 1_000, 100)).toBe(
      `[${'#'.repeat(20)}] 100% 10/10 10/s`,
    );
  });

  test('counts hours where it takes them', () => {
    expect(progressLine({ progress: 1, total: 7_300, message: '' }, 1_000, 100)).toContain(' 2:01:39 left');
  });

  test('stays whole for figures that make no sense', () => {
    expect(progressLine({ progress: 1e300, total: 1, message: '' }, 1, 60)).toContain('100%');
    expect(progressLine({ progress: 1e-300, total: 1e300, message: '' }, 1, 60).length).toBeLessThan(60);
  });

  test('never breaks the line, whatever the message is (U1)', () => {
    const message = '\x1b[2J\r\n'.repeat(1_000_000);
    const line = progressLine({ progress: 1, total: 2, message }, 1_000, 80);
    expect(line.length).toBe(79);
    expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f]/u);
  });
});

describe('a progress notification', () => {
  test('is read if it is for this call', () => {
    expect(readProgress({ progressToken: 't', progress: 1, total: 2, message: 'm' }, 't')).toEqual({
      progress: 1,
      total: 2,
      message: 'm',
    });
    expect(readProgress({ progressToken: 't', progress: 1, total: 0, message: 7 }, 't')).toEqual({
      progress: 1,
      total: null,
      message: '',
    });
  });

  test.each([
    [{ progressToken: 'u', progress: 1 }],
    [{ progress: 1 }],
    [{ progressToken: 't', progress: '1' }],
    [{ progressToken: 't', progress: -1 }],
    [{ progressToken: 't' }],
  ])('is left aside otherwise: %j', (params) => {
    expect(readProgress(params, 't')).toBeNull();
  });
});

describe('a progress bar', () => {
  test('is drawn at most twenty times a second and leaves an empty line', () => {
    let time = 0;
    const written: string[] = [];
    const output = {
      isTerminal: true,
      columns: 80,
      write: (text: string | Uint8Array) => void written.push(String(text)),
    };
    const bar = createProgressBar(output, () => time);
    for (time = 0; time < 1_000; time += 1) bar.show({ progress: time, total: 1_000, message: '' });
    expect(written.length).toBe(20);
    bar.clear();
    expect(written.at(-1)).toBe('\r\x1b[K');
  });

  test('clears nothing where it drew nothing', () => {
    const written: unknown[] = [];
    createProgressBar(
      { isTerminal: true, columns: 80, write: (text) => void written.push(text) },
      () => 0,
    ).clear();
    expect(written).toEqual([]);
  });
});
