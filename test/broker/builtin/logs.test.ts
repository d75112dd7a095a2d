import { describe, expect, test } from 'vitest';
import type { BuiltIn } from '../../../src/broker/builtin/built-in.ts';
import { logsMethod } from '../../../src/broker/builtin/logs.ts';
import type { Generation } from '../../../src/broker/configuration/generation.ts';
import { createEarlyEnd } from '../../../src/broker/connection/early-end.ts';
import type { Said } from '../../../src/broker/logs/ring.ts';
import { createRings, type Rings } from '../../../src/broker/logs/rings.ts';
import type { JsonObject } from '../../../src/shared/json-value.ts';

const SAID: Said = { time: 1_000, launch: 3, request: 'r-1', source: 'stderr', level: 'info' };
const SIZE = 1_048_576;

function madeRings(text = ''): Rings {
  const rings = createRings();
  rings.configure(new Set(['disk']), SIZE);
  rings.push('disk', SAID, Buffer.from(text));
  return rings;
}

interface Page {
  readonly lines: readonly { readonly text: string }[];
  readonly cursor: string;
  readonly more: boolean;
  readonly missed: number | null;
}

async function ask(method: BuiltIn, params: JsonObject, timeoutMs?: number): Promise<Page> {
  // Only what this method reads of a call.
  const call = { params, metadata: { timeoutMs }, early: createEarlyEnd() };
  return (await method.answer(call as never, {} as Generation)) as unknown as Page;
}

const numbered = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, at) => `line ${from + at}\n`).join('');
const texts = ({ lines }: Page): string[] => lines.map(({ text }) => text);
const notEnding = (): boolean => false;

describe('rpc.logs', () => {
  test('gives the last lines, ten if nothing is said, each with who said it, when and how', async () => {
    const method = logsMethod(madeRings(numbered(30)), notEnding);
    const page = await ask(method, { driver: 'disk' });
    expect(texts(page)).toEqual(numbered(10, 20).trimEnd().split('\n'));
    expect(page.lines[0]).toEqual({
      ...{ time: '1970-01-01T00:00:01.000Z', launch: 3, request: 'r-1', source: 'stderr', level: 'info' },
      text: 'line 20',
    });
    expect(page).toMatchObject({ more: false, missed: 0 });
    expect(texts(await ask(method, { driver: 'disk', lines: 2 }))).toEqual(['line 28', 'line 29']);
    expect(texts(await ask(method, { driver: 'disk', lines: 0 }))).toEqual([]);
  });

  test('answers in bounded pages, and a cursor leads through all lines once (invariant 14)', async () => {
    const rings = madeRings(numbered(2_500));
    const method = logsMethod(rings, notEnding);
    const seen: string[] = [];
    let page = await ask(method, { driver: 'disk', lines: 2_400 });
    for (; page.more; page = await ask(method, { driver: 'disk', after: page.cursor })) {
      expect(page.lines.length).toBeLessThanOrEqual(1_000);
      seen.push(...texts(page));
    }
    seen.push(...texts(page));
    expect(seen).toEqual(numbered(2_400, 100).trimEnd().split('\n'));
    rings.push('disk', SAID, Buffer.from(`${'\x1b'.repeat(4_000)}\n`.repeat(100)));
    const large = await ask(method, { driver: 'disk', after: page.cursor });
    expect(Buffer.byteLength(JSON.stringify(large))).toBeLessThan(300_000);
    expect(large.more).toBe(true);
  });

  test('counts lines that were gone before they were asked for', async () => {
    const rings = madeRings('first\n');
    const method = logsMethod(rings, notEnding);
    const { cursor } = await ask(method, { driver: 'disk' });
    for (let part = 0; part < 40; part += 1)
      rings.push('disk', SAID, Buffer.from(`${'x'.repeat(4_000)}\n`.repeat(10)));
    const page = await ask(method, { driver: 'disk', after: cursor });
    expect(page.missed).toBe((rings.ring('disk')?.first ?? 0) - 1);
    expect(page.missed).toBeGreaterThan(0);
  });

  test('begins with the oldest line for a cursor of another broker, and says that it does not know what was missed', async () => {
    const { cursor } = await ask(logsMethod(madeRings(numbered(5)), notEnding), { driver: 'disk' });
    const method = logsMethod(madeRings('new\n'), notEnding);
    const page = await ask(method, { driver: 'disk', after: cursor });
    expect([texts(page), page.missed]).toEqual([['new'], null]);
  });

  test('waits for a line where there is none, as long as it was asked to, and no longer than the caller’s own limit', async () => {
    const rings = madeRings('old\n');
    const method = logsMethod(rings, notEnding);
    const { cursor } = await ask(method, { driver: 'disk' });
    const waiting = ask(method, { driver: 'disk', after: cursor, wait_ms: 25_000 });
    rings.push('disk', SAID, Buffer.from('new\n'));
    const page = await waiting;
    expect(texts(page)).toEqual(['new']);
    const late = await ask(method, { driver: 'disk', after: page.cursor, wait_ms: 25_000 }, 1);
    expect([texts(late), late.cursor]).toEqual([[], page.cursor]);
    expect(
      texts(
        await ask(
          logsMethod(rings, () => true),
          { driver: 'disk', lines: 0, wait_ms: 25_000 },
        ),
      ),
    ).toEqual([]);
  });

  test('of a driver that said nothing is empty, also where its ring gave way to another one', async () => {
    const rings = createRings();
    rings.configure(new Set(['disk', 'b', 'c', 'd', 'e']), 16_777_216);
    const method = logsMethod(rings, notEnding);
    expect(await ask(method, { driver: 'disk', wait_ms: 1 })).toMatchObject({ lines: [], more: false });
    for (const driver of ['disk', 'b', 'c', 'd', 'e']) rings.push(driver, SAID, Buffer.from('x\n'));
    expect(await ask(method, { driver: 'disk', lines: 5 })).toMatchObject({
      lines: [],
      more: false,
      missed: 0,
    });
  });

  test.each<[JsonObject, string, string]>([
    [{}, '', 'required'],
    [{ driver: 'Disk' }, '/driver', 'pattern'],
    [{ driver: 'disk', lines: -1 }, '/lines', 'minimum'],
    [{ driver: 'disk', after: '0' }, '/after', 'pattern'],
    [{ driver: 'disk', wait_ms: 25_001 }, '/wait_ms', 'maximum'],
    [{ driver: 'disk', path: '/etc/shadow' }, '', 'additionalProperties'],
  ])('refuses params like %j', (params, at, rule) => {
    const { compiled } = logsMethod(madeRings(), notEnding).params;
    expect(compiled.check(params)).toEqual({ ok: false, at, rule });
  });
});
