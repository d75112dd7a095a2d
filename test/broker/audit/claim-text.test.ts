import { expect, test } from 'vitest';
import { scrubbedClaim, scrubbedReason } from '../../../src/broker/audit/claim-text.ts';
import { createScrubber, type Scrubber } from '../../../src/broker/scrub/scrubber.ts';
import { CALL_REASON_CHARACTERS, wrongWithReason } from '../../../src/shared/call-reason.ts';

const TOKEN = ['AKIA', 'Z7QW3N5RT2LKX6PM'].join('');
const MARK = '[REDACTED:aws-access-key-id]';
const plain = createScrubber([]);

test('what a caller wrote is on record without what looks like a secret (C9)', () => {
  expect(scrubbedClaim(plain, `disk.${TOKEN}`)).toBe(`disk.${MARK}`);
  expect(scrubbedReason(plain, `key ${TOKEN} is gone`)).toBe(`key ${MARK} is gone`);
  expect(scrubbedReason(plain, 'ticket 4711')).toBe('ticket 4711');
});

test('a secret over the end of what is recorded is masked, and not recorded in part (C9)', () => {
  for (let before = 100; before <= 128; before += 1) {
    const recorded = scrubbedClaim(plain, `${'ab '.repeat(50).slice(0, before - 1)} ${TOKEN} x`);
    expect(recorded).not.toContain(TOKEN.slice(0, 5));
    expect(recorded.length).toBeLessThanOrEqual(128);
  }
});

test('a reason stays one that the monitor takes, however long marks make it', () => {
  const reasons = [
    '😀'.repeat(128),
    `${'é '.repeat(20)}${`${TOKEN} `.repeat(10)}`.trim(),
    `x${'😀'.repeat(127)}`,
  ];
  const marked = createScrubber([{ name: 'long-name-of-a-secret', value: Buffer.from('😀😀') }]);
  for (const reason of reasons)
    for (const scrubber of [plain, marked]) {
      const scrubbed = scrubbedReason(scrubber, reason);
      expect(wrongWithReason(scrubbed)).toBeNull();
      expect(scrubbed.length).toBeLessThanOrEqual(CALL_REASON_CHARACTERS);
    }
});

test('where a scrubber fails nothing of the text is recorded (C9)', () => {
  const broken: Scrubber = {
    ...plain,
    text() {
      throw new RangeError('fault');
    },
  };
  expect(scrubbedClaim(broken, 'disk.usage')).toBe('[REDACTED:scrubber-failed]');
  expect(scrubbedReason(broken, 'ticket 4711')).toBe('[REDACTED:scrubber-failed]');
});
