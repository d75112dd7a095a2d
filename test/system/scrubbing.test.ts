import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { escapeForTerminal } from '../../src/shared/terminal/escape.ts';
import { type Client, callOnce, connectClient } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { tracesOf } from './leaks.ts';
import { PIECES, PLANTED_FORMS, PLANTED_TOKENS, PLANTED_VALUES } from './planted-values.ts';

/** The driver's ways to say something, and whether what it says stands in a reply. */
const CHANNELS = [
  ...['result', 'nested', 'name', 'lines', 'wrong', 'error', 'undeclared', 'progress', 'log', 'stderr'],
  ...['exit', 'killed', 'crash', 'printed'],
];
const COMMAND_CHANNELS = ['text', 'lines', 'json', 'stderr', 'fails', 'fails, raw', 'text, raw'];
const ALL_CHANNELS = [...CHANNELS, ...COMMAND_CHANNELS.map((name) => `command: ${name}`)];
/** More than the 200 that the issue asks for, and of no common divisor with channels, forms or values. */
const LAUNCHES = 211;
const AT_ONCE = 4;
const MINUTES = 60_000;

let daemon: TestDaemon;

beforeAll(async () => {
  process.umask(0o022);
  const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'secrets'));
  const profiles = Object.entries(PLANTED_VALUES).flatMap(([name, value]) => {
    const file = join(folder, 'secrets', name);
    writeFileSync(file, value, { mode: 0o600 });
    const secrets = `secrets: [{ name: planted, file: ${file} }]\n`;
    return [
      [name, `version: 1\ndriver: planter\n${secrets}`],
      [`command-${name}`, `version: 1\ndriver: planter-command\n${secrets}`],
    ];
  });
  daemon = await startTestDaemon({
    folder,
    profiles: Object.fromEntries([
      ...profiles,
      ['planter', 'version: 1\n'],
      ['planter-command', 'version: 1\n'],
    ]),
    settings: 'log_level: debug\nlimits: { driver_log_bytes_per_minute: 16777216 }',
  });
});
afterAll(() => daemon.stop());

/** What a caller saw of one call, byte for byte. */
interface Seen {
  readonly bytes: string;
  readonly request: string;
}

/** Calls a driver, which says these bytes by that channel. */
async function say(
  client: Client,
  profile: string,
  channel: string,
  pieces: readonly Buffer[],
): Promise<Seen> {
  let bytes = '';
  const listen = (chunk: Buffer): void => {
    bytes += chunk.toString('latin1');
  };
  client.socket.on('data', listen);
  const [kind, name = ''] = channel.split(': ');
  const raw = name.endsWith(', raw');
  const _meta = { reply: true, progressToken: 1, ...(raw ? { raw } : {}) };
  const text = Buffer.concat(pieces).toString('utf8');
  const { error, _meta: told } =
    kind === 'command'
      ? await client.call(
          `${profile === 'planter' ? 'planter-command' : `command-${profile}`}.${name.replace(', raw', '')}`,
          {
            text: name === 'json' ? JSON.stringify({ [text]: [text] }) : text,
            _meta,
          },
        )
      : await client.call(`${profile}.say`, {
          ...{ channel, pieces: pieces.map((piece) => piece.toString('base64')) },
          _meta,
        });
  client.socket.off('data', listen);
  return {
    bytes: Buffer.from(bytes, 'latin1').toString('utf8'),
    request: String(error?.data.request_id ?? told?.['request_id']),
  };
}

/** Every file of the daemon but the secrets themselves. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => !path.startsWith(join(folder, 'secrets')) && statSync(path).isFile());
}

const operationalLines = (request: string): string =>
  daemon
    .stderr()
    .split('\n')
    .filter((line) => line.includes(request))
    .join('\n');

async function keptLines(profile: string, request: string): Promise<string> {
  const { result } = await callOnce(daemon.socket, 'rpc.logs', { driver: profile, lines: 100_000 });
  return JSON.stringify(result.lines.filter((line: { request: string }) => line.request === request));
}

/** Runs so many jobs, a few at a time, each with a connection of its own. */
async function inParallel(count: number, job: (client: Client, at: number) => Promise<void>): Promise<void> {
  let next = 0;
  async function work(): Promise<void> {
    const client = await connectClient(daemon.socket);
    for (let at = next++; at < count; at = next++) await job(client, at);
    client.close();
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

describe('what drivers say', () => {
  test(
    'holds no secret that they were given, in whatever form, pieces and channel: not in a reply, not in a log (invariant 10, C3, C9)',
    async () => {
      const values = Object.entries(PLANTED_VALUES);
      const ways = Object.entries(PIECES);
      const leaks: string[] = [];
      let marked = 0;
      await inParallel(LAUNCHES, async (client, at) => {
        const [valueName, value] = values[(at + Math.floor(at / PLANTED_FORMS.length)) % values.length] ?? [
          '',
          '',
        ];
        const form = PLANTED_FORMS[at % PLANTED_FORMS.length];
        const channel = ALL_CHANNELS[at % ALL_CHANNELS.length] ?? '';
        const [way, pieces] = ways[(at + Math.floor(at / ALL_CHANNELS.length)) % ways.length] ?? [''];
        if (form === undefined || pieces === undefined) return;
        const printed = `before ${form.print(value)} after\n`;
        const seen = await say(client, valueName, channel, pieces(Buffer.from(printed)));
        const profile = channel.startsWith('command') ? `command-${valueName}` : valueName;
        const places = {
          'the reply': seen.bytes,
          'the kept lines': await keptLines(profile, seen.request),
          'the operational log': operationalLines(seen.request),
        };
        const traces = tracesOf(value, form.print);
        for (const [place, text] of Object.entries(places)) {
          const found = traces.foundIn(text);
          if (found !== null)
            leaks.push(`${valueName} as ${form.name}, ${way}, by ${channel}: in ${place} ${found}`);
          if (text.includes('[REDACTED:planted]')) marked += 1;
        }
      });
      expect(leaks).toEqual([]);
      // Had nothing been planted, nothing would be found either.
      expect(marked).toBeGreaterThan(LAUNCHES / 2);
    },
    5 * MINUTES * patience,
  );

  test(
    'holds no secret of a provider, by no channel (invariant 10, C9)',
    async () => {
      const leaks: string[] = [];
      const text = PLANTED_TOKENS.map(({ example }) => `${example}\n`).join('\n');
      await inParallel(ALL_CHANNELS.length, async (client, at) => {
        const channel = ALL_CHANNELS[at] ?? '';
        const seen = await say(client, 'planter', channel, [Buffer.from(text)]);
        const profile = channel.startsWith('command') ? 'planter-command' : 'planter';
        const everything =
          seen.bytes + (await keptLines(profile, seen.request)) + operationalLines(seen.request);
        for (const { id, secret } of PLANTED_TOKENS) {
          const forms = [secret, JSON.stringify(secret).slice(1, -1), escapeForTerminal(secret)];
          if (forms.some((form) => everything.includes(form))) leaks.push(`${id} by ${channel}`);
        }
      });
      expect(leaks).toEqual([]);
      expect(daemon.stderr()).toContain('[REDACTED:aws-access-key-id]');
    },
    2 * MINUTES * patience,
  );

  test('is in no file of the daemon, and is counted by rule in the audit log (invariant 10, C9)', () => {
    const files = filesOf(daemon.folder);
    expect(files).toContain(daemon.log);
    for (const path of files) {
      const text = readFileSync(path, 'utf8');
      for (const [name, value] of Object.entries(PLANTED_VALUES))
        expect([path, name, tracesOf(value, String).foundIn(text)]).toEqual([path, name, null]);
      for (const { id, secret } of PLANTED_TOKENS)
        expect([path, id, text.includes(secret)]).toEqual([path, id, false]);
    }
    const ends = daemon.records().filter(({ event }) => event === 'call-end');
    expect(ends.length).toBeGreaterThanOrEqual(LAUNCHES + ALL_CHANNELS.length);
    const counted = ends.filter(({ claims }) => Object.keys(Object(claims['scrubbed'])).includes('planted'));
    expect(counted.length).toBeGreaterThan(LAUNCHES / 2);
  });
});

test('what callers write of secrets is not on record: their reason, the name of a method (invariant 10, C9)', async () => {
  const token = ['AKIA', 'Z7QW3N5RT2LKX6PM'].join('');
  const reasoned = await callOnce(daemon.socket, 'planter.say', {
    ...{ channel: 'result', pieces: [''] },
    _meta: { reason: `with ${token}` },
  });
  expect(reasoned.error).toBeUndefined();
  expect((await callOnce(daemon.socket, `planter.${token}`)).error?.data.reason).toBe('method-not-found');
  const records = readFileSync(daemon.log, 'utf8');
  expect(records).not.toContain(token);
  expect(records).toContain('"with [REDACTED:aws-access-key-id]"');
  expect(records).toContain('"planter.[REDACTED:aws-access-key-id]"');
  expect(daemon.stderr()).not.toContain(token);
});

test('how often which rule masked something stands in the reply that asks, and in the data of an error (C9)', async () => {
  const client = await connectClient(daemon.socket);
  const pieces = [Buffer.from(`${PLANTED_VALUES['word']} `).toString('base64')];
  const answered = await client.call('word.say', { channel: 'result', pieces, _meta: { reply: true } });
  expect(answered._meta?.['scrubbed']).toEqual({ planted: 1 });
  expect((await client.call('word.say', { channel: 'result', pieces }))._meta).toBeUndefined();
  const failed = await client.call('word.say', { channel: 'exit', pieces: [...pieces, ...pieces] });
  expect(failed.error?.data).toMatchObject({ reason: 'driver-failed', scrubbed: { planted: 2 } });
  const clean = await client.call('word.say', { channel: 'exit', pieces: [''] });
  expect(clean.error?.data).not.toHaveProperty('scrubbed');
  client.close();
});
