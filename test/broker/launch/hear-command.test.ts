import { expect, test } from 'vitest';
import { hearCommand } from '../../../src/broker/launch/hear-command.ts';
import { scrubLaunch } from '../../../src/broker/launch/launch-scrubber.ts';
import { limits, loadMethod, SECRET, scrubber } from './fixtures.ts';

const RESULT = '    result: { type: object }\n';
const TOKEN = ['AKIA', 'Z7QW3N5RT2LKX6PM'].join('');

/** What a caller gets of a command that printed these bytes. */
async function hear(output: string, bytes: Buffer, raw = false, isTruncated = false): Promise<unknown> {
  const hearing = hearCommand(
    loadMethod('command', `${RESULT}    output: ${output}\n`),
    limits,
    scrubLaunch(scrubber(), () => undefined),
    raw,
    () => isTruncated,
  );
  hearing.stdout(bytes);
  const heard = await hearing.close(0, () => Buffer.alloc(0));
  return heard?.kind === 'answer' ? heard.answer : heard;
}

test('text that is not UTF-8 is scrubbed before it becomes base64 (C3)', async () => {
  const secrets = Buffer.from(`${TOKEN} ${SECRET} password=hunter2-hunter2\n`);
  const stdout = Buffer.concat([Buffer.from('caf'), Buffer.of(0xe9, 0x20), secrets]);
  const scrubbed = Buffer.concat([
    Buffer.from('caf'),
    Buffer.of(0xe9, 0x20),
    Buffer.from('[REDACTED:aws-access-key-id] [REDACTED:token] password=[REDACTED:assigned-secret]\n'),
  ]).toString('base64');
  expect(await hear('text', stdout)).toEqual({
    ...{ ok: true, driver: null },
    result: { exit_status: 0, stdout: { base64: scrubbed } },
  });
  expect(await hear('text', stdout, true)).toMatchObject({ driver: { stdout: { base64: scrubbed } } });
});

test.each(['text', 'lines', 'json'])('%s is scrubbed and keeps its form', async (output) => {
  const stdout = Buffer.from(JSON.stringify([SECRET, 'é']));
  const expected = JSON.stringify(['[REDACTED:token]', 'é']);
  const forms = { text: expected, lines: [expected], json: JSON.parse(expected) };
  expect(await hear(output, stdout)).toMatchObject({
    result: { exit_status: 0, stdout: forms[output as keyof typeof forms] },
  });
});

test('of a secret that the limit cut nothing is emitted, wherever the cut falls (C9)', async () => {
  for (const output of ['text', 'lines'])
    for (let length = 1; length < SECRET.length; length += 1) {
      const printed = Buffer.from(`one\ntwo ${SECRET.slice(0, length)}`);
      const heard = await hear(output, printed, true, true);
      expect(JSON.stringify(heard)).toContain('one');
      if (length >= 4) expect(JSON.stringify(heard)).not.toContain(SECRET.slice(0, 4));
    }
});

test('what is scrubbed before the exit status is there counts only where it is shown (invariant 10)', async () => {
  for (const [status, counted] of [
    [0, [['token', 1]]],
    [9, []],
  ] as const) {
    const counting = scrubLaunch(scrubber(), () => undefined);
    const method = loadMethod('command', `${RESULT}    output: text\n`);
    const hearing = hearCommand(method, limits, counting, false, () => false);
    hearing.stdout(Buffer.from(`it is ${SECRET}\n`));
    hearing.silent?.();
    const heard = await hearing.close(status, () => Buffer.alloc(0));
    expect(JSON.stringify(heard)).not.toContain(SECRET);
    expect([...counting.counts]).toEqual(counted);
    if (status === 0)
      expect(heard).toMatchObject({ answer: { result: { stdout: 'it is [REDACTED:token]\n' } } });
  }
});
