import { describe, expect, test } from 'vitest';
import { hearSpeech, type Speech } from '../../../src/broker/launch/speech.ts';
import { createScrubber, type Scrubber } from '../../../src/broker/scrub/scrubber.ts';
import { SECRET, scrubber } from './fixtures.ts';

interface Kept {
  readonly source: string;
  readonly level: string;
  readonly text: string;
}

async function hear(
  tell: (speech: Speech) => void,
  cut = false,
  more: Scrubber | null = null,
): Promise<{ readonly kept: Kept[]; readonly tail: string; readonly speech: Speech }> {
  const kept: Kept[] = [];
  const speech = hearSpeech(scrubber(), 64, {
    scrubber: more,
    keep: (said, bytes) => void kept.push({ ...said, text: Buffer.from(bytes).toString() }),
  });
  tell(speech);
  await speech.end(cut);
  return { kept, tail: speech.tail().toString(), speech };
}

const half = Math.floor(SECRET.length / 2);
const pem = ['-----BEGIN PRIV', 'ATE KEY-----'].join('');

describe('what a driver says for people', () => {
  test('is scrubbed before it is kept, however it comes (invariant 10)', async () => {
    const { kept, tail, speech } = await hear(({ stderr }) => {
      for (const byte of Buffer.from(`x ${SECRET} y\n`)) stderr(Uint8Array.of(byte));
      stderr(Buffer.from(`z ${SECRET.slice(0, half)}`));
      stderr(Buffer.from(SECRET.slice(half)));
    });
    expect(kept.map(({ text }) => text).join('')).toBe('x [REDACTED:token] y\nz [REDACTED:token]\n');
    expect(tail).toBe('x [REDACTED:token] y\nz [REDACTED:token]');
    expect(speech.counts[0]?.get('token')).toBe(2);
  });

  test('is kept as soon as a line has ended', () => {
    const kept: string[] = [];
    const speech = hearSpeech(scrubber(), 64, {
      scrubber: null,
      keep: (_said, bytes) => void kept.push(Buffer.from(bytes).toString()),
    });
    speech.stderr(Buffer.from('waiting\nand'));
    expect(kept).toEqual(['waiting\n']);
  });

  test('and is cut off loses what may be the first half of a secret (invariant 10)', async () => {
    const { kept } = await hear(({ stderr }) => stderr(Buffer.from(`x\n${SECRET.slice(0, half)}`)), true);
    expect(kept.map(({ text }) => text)).toEqual(['x\n']);
  });

  test('in log messages has their levels, and a key block over several of them is masked', async () => {
    const { kept } = await hear(({ message }) => {
      message('warn', 'two\nlines');
      message('info', pem);
      message('debug', 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAA');
      message('error', pem.replace('BEGIN', 'END'));
    });
    expect(kept).toEqual([
      { source: 'log', level: 'warn', text: 'two\nlines\n' },
      ...['info', 'debug', 'error'].map((level) => ({
        ...{ source: 'log', level },
        text: '[REDACTED:private-key]\n',
      })),
    ]);
  });

  test('is scrubbed of secret params where it is kept, and not in what the caller gets of it', async () => {
    const more = createScrubber([{ name: 'secret-param', value: Buffer.from('my password') }]);
    const { kept, tail } = await hear(
      ({ stderr }) => stderr(Buffer.from(`got my password ${SECRET}\n`)),
      false,
      more,
    );
    expect(kept[0]?.text).toBe('got [REDACTED:secret-param] [REDACTED:token]\n');
    expect(tail).toBe('got my password [REDACTED:token]\n');
  });
});

test('where nothing is kept the tail for errors is all the same', async () => {
  const speech = hearSpeech(scrubber(), 8, null);
  speech.stderr(Buffer.from(`${SECRET} the end.`));
  speech.message('info', 'nobody listens');
  await speech.end(false);
  expect(speech.tail().toString()).toBe('the end.');
});
