import { describe, expect, test } from 'vitest';
import { NO_HASH } from '../../../../src/shared/audit/record.ts';
import { makeSecret, publicKeyOf } from '../../../../src/shared/audit/seals/ed25519.ts';
import { makeSealLine, parseSeal, type SealContent } from '../../../../src/shared/audit/seals/seal.ts';
import { followSeals, type SealProblem } from '../../../../src/shared/audit/seals/seal-chain.ts';
import { fingerprintOf, type VerificationKey } from '../../../../src/shared/audit/seals/verification-key.ts';

const EPOCHS = 5;
/** Secrets of the epochs, from 1 to the one that is open. */
const secrets = Array.from({ length: EPOCHS + 2 }, makeSecret);
const secretOf = (epoch: number): Buffer => secrets[epoch] ?? Buffer.alloc(0);

function makeLine(
  epoch: number,
  prev: string,
  more: Partial<SealContent> = {},
  signer = secretOf(epoch),
): Buffer {
  const hash = String(epoch).repeat(64);
  const time = '2026-01-02T03:04:05.678901Z';
  const content = {
    epoch,
    seq: epoch * 10,
    hash,
    time,
    next: publicKeyOf(secretOf(epoch + 1)),
    prev,
    ...more,
  };
  return makeSealLine(content, signer).subarray(0, -1);
}

/** A chain whose lines from `changed` on are made by `make`, linked to what stands before them. */
function chainOf(count = EPOCHS, make: typeof makeLine = makeLine): Buffer[] {
  const lines: Buffer[] = [];
  for (let epoch = 1; epoch <= count; epoch += 1) lines.push(make(epoch, hashOf(lines.at(-1))));
  return lines;
}

function hashOf(line: Buffer | undefined): string {
  return line === undefined ? NO_HASH : (parseSeal(line)?.lineHash ?? '');
}

function follow(lines: readonly Buffer[], keys: readonly VerificationKey[] = []): SealProblem | null {
  const chain = followSeals(keys);
  for (const line of lines) chain.take(line);
  return chain.problem;
}

const whole = chainOf();

describe('a chain of seals', () => {
  test('is followed to its end, also with keys of any epochs', () => {
    const chain = followSeals([1, 3, EPOCHS].map((epoch) => ({ epoch, key: publicKeyOf(secretOf(epoch)) })));
    expect(whole.map((line) => chain.take(line)?.epoch)).toEqual([1, 2, 3, 4, 5]);
    expect(chain.problem).toBeNull();
    expect(chain.last).toMatchObject({ epoch: EPOCHS, next: publicKeyOf(secretOf(EPOCHS + 1)) });
  });

  test('takes nothing behind the first fault', () => {
    const chain = followSeals();
    const lines = whole.toSpliced(2, 1);
    expect(lines.map((line) => chain.take(line)?.epoch ?? null)).toEqual([1, 2, null, null]);
    expect(chain.last?.epoch).toBe(2);
  });

  const today = secretOf(EPOCHS + 1);
  const CASES: [string, () => Buffer[], SealProblem['what'], number][] = [
    ['a seal is missing', () => whole.toSpliced(2, 1), 'missing', 3],
    ['the first seal is missing', () => whole.slice(1), 'missing', 1],
    ['two seals are swapped', () => [...whole.slice(0, 1), ...whole.slice(1, 3).reverse()], 'missing', 2],
    ['a seal stands twice', () => [...whole, ...whole.slice(-1)], 'reordered', 6],
    ['a line is none', () => whole.with(1, Buffer.from('anything')), 'edited', 2],
    [
      'a field was changed',
      () => whole.with(1, Buffer.from(whole[1]?.toString().replace('"seq":20', '"seq":21') ?? '')),
      'edited',
      2,
    ],
    [
      'an old epoch was sealed with today’s key, which it names (CVE-2023-31437, A7)',
      () => chainOf(EPOCHS, (epoch, prev) => makeLine(epoch, prev, {}, epoch === 3 ? today : undefined)),
      'resealed',
      3,
    ],
    [
      'all from an old epoch on were sealed with today’s key (CVE-2023-31438, A7)',
      () => chainOf(EPOCHS, (epoch, prev) => makeLine(epoch, prev, {}, epoch >= 3 ? today : undefined)),
      'resealed',
      3,
    ],
    [
      'today’s key signed a line that names the old one (A7)',
      () => {
        const signature = /"signature":"([^"]+)"/;
        const [, own = ''] = signature.exec(makeLine(3, hashOf(whole[1]), {}, today).toString()) ?? [];
        return whole.with(
          2,
          Buffer.from(whole[2]?.toString().replace(signature, `"signature":"${own}"`) ?? ''),
        );
      },
      'edited',
      3,
    ],
    [
      'a seal was made behind another one',
      () => chainOf(EPOCHS, (epoch, prev) => makeLine(epoch, epoch === 4 ? 'f'.repeat(64) : prev)),
      'resealed',
      4,
    ],
    [
      'a seal is of an earlier record than the one before',
      () => chainOf(EPOCHS, (epoch, prev) => makeLine(epoch, prev, epoch === 4 ? { seq: 30 } : {})),
      'resealed',
      4,
    ],
  ];

  test.each(CASES)('is broken where %s', (_title, lines, what, epoch) => {
    expect(follow(lines())).toMatchObject({ what, epoch });
  });

  test('that was made anew from the start is found by a key that was kept, of any epoch', () => {
    const anew = chainOf(EPOCHS, (epoch, prev) =>
      // Whoever has today's state can end such a chain with the genuine key.
      makeLine(
        epoch,
        prev,
        epoch === EPOCHS ? { next: publicKeyOf(today) } : { next: strangerKey(epoch + 1) },
        strangers[epoch],
      ),
    );
    expect(follow(anew)).toBeNull();
    for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
      const key = publicKeyOf(secretOf(epoch));
      const problem = follow(anew, [{ epoch, key }]);
      expect(problem).toMatchObject({ what: 'resealed', epoch });
      expect(problem?.detail).toContain(fingerprintOf(key));
    }
  });
});

const strangers = Array.from({ length: EPOCHS + 2 }, makeSecret);
const strangerKey = (epoch: number): Buffer => publicKeyOf(strangers[epoch] ?? Buffer.alloc(0));
