import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { scrubLogLine } from '../../../src/broker/logs/scrub-log-line.ts';
import { createScrubber, type Scrubber } from '../../../src/broker/scrub/scrubber.ts';

const TOKEN = ['AKIA', 'Z7QW3N5RT2LKX6PM'].join('');
const plain = createScrubber([]);
const scrub = scrubLogLine(() => plain);
const line = (members: object): string =>
  `${JSON.stringify({ level: 30, time: 1, name: 'broker', ...members })}\n`;

test('a line of the operational log is scrubbed as what it holds, and stays one line of JSON (C9)', () => {
  const said = { text: `key "${TOKEN}" \\ é`, nested: { list: [TOKEN, 1] }, [TOKEN]: true, msg: 'x' };
  const scrubbed = scrub(line(said));
  expect(scrubbed).not.toContain(TOKEN);
  expect(scrubbed.indexOf('\n')).toBe(scrubbed.length - 1);
  expect(JSON.parse(scrubbed)).toMatchObject({
    ...{ level: 30, time: 1, text: 'key "[REDACTED:aws-access-key-id]" \\ é' },
    nested: { list: ['[REDACTED:aws-access-key-id]', 1] },
  });
  // Escapes hide nothing.
  expect(scrub(line({ text: TOKEN }).replace('AKIA', '\\u0041KIA'))).not.toContain(TOKEN.slice(4));
});

test('a line without a secret stays byte for byte as it was', () => {
  for (const given of [
    line({ request: 'x' }),
    line({ text: 'a "quoted" \\ token', error: { at: ['at x'] } }),
  ])
    expect(scrub(given)).toBe(given);
});

test('a line that cannot be scrubbed is left out, and that is said (invariant 10)', () => {
  const broken: Scrubber = {
    ...plain,
    mayHoldSecret() {
      throw new RangeError(`Cannot look at ${TOKEN}`);
    },
  };
  const left = scrubLogLine(() => broken)(line({ text: TOKEN }));
  expect(left).not.toContain(TOKEN);
  expect(JSON.parse(left)).toMatchObject({
    ...{ level: 50, name: 'broker', error: { type: 'RangeError' } },
    msg: 'a line was left out of this log: it could not be scrubbed',
  });
  expect(JSON.parse(scrub('no JSON token\n'))).toMatchObject({ level: 50, error: { type: 'SyntaxError' } });
});

test('every line of a log passes that stage, those of its last moment with them (C9)', () => {
  const source = (path: string): string =>
    JSON.stringify(fileURLToPath(new URL(`../../../src/${path}`, import.meta.url)));
  const script = (stage: string): string => `
    import { createLog } from ${source('shared/log.ts')};
    import { createScrubber } from ${source('broker/scrub/scrubber.ts')};
    import { scrubLogLine } from ${source('broker/logs/scrub-log-line.ts')};
    const log = createLog('broker', 'info'${stage});
    log.child({ text: ${JSON.stringify(TOKEN)} }).info('one');
    log.fatal({ reason: ${JSON.stringify(TOKEN)} }, 'two ' + ${JSON.stringify(TOKEN)});
    process.exit(1);
  `;
  const stderr = (stage: string): string =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script(stage)], { encoding: 'utf8' }).stderr;
  const scrubbed = stderr(', scrubLogLine(() => createScrubber([]))');
  expect(scrubbed).not.toContain(TOKEN);
  expect(scrubbed.match(/REDACTED/g)).toHaveLength(3);
  // Without the stage it stands there.
  expect(stderr('').match(new RegExp(TOKEN, 'g'))).toHaveLength(3);
});
