import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { makeDevelopmentFolder, ROOT } from '../../scripts/development-folder.ts';

let folder = '';
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A daemon in the foreground that is to refuse its host. */
function refused(wrap: (program: readonly string[]) => readonly string[]): {
  status: number | null;
  text: string;
} {
  folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  const { state } = makeDevelopmentFolder(folder);
  const main = join(ROOT, 'dist/monitor/main.js');
  const program = [process.execPath, main, '--development', '--config', folder, '--state', state];
  const [command = '', ...words] = wrap(program);
  const { status, stderr } = spawnSync(command, words, { encoding: 'utf8', timeout: 30_000 });
  return { status, text: stderr };
}

/** In a mount namespace of its own another program stands in the place of bubblewrap. */
function withBubblewrap(script: string): { status: number | null; text: string } {
  return refused((program) => {
    const fake = join(folder, 'bwrap');
    writeFileSync(fake, script);
    chmodSync(fake, 0o755);
    const mount = 'mount --bind "$1" /usr/bin/bwrap && shift && exec "$@"';
    return ['unshare', '--mount', 'sh', '-c', mount, 'sh', fake, ...program];
  });
}

test.each(['ENOSYS', 'EINVAL'])(
  'a kernel whose close_range answers %s (played by strace) is refused in one line (O11)',
  (error) => {
    const { status, text } = refused((program) => [
      ...['strace', '-f', '-qq', '-o', '/dev/null', '-e', `inject=close_range:error=${error}`],
      ...program,
    ]);
    expect(text).toBe('Cannot start: driverd needs Linux 5.11 or newer (close_range with CLOEXEC)\n');
    expect(status).toBe(78);
  },
);

test('a sandbox that does not start (played by a script) may start the next time: another exit status, which a unit tries again', () => {
  const script = '#!/bin/sh\n[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit\nexit 1\n';
  const { status, text } = withBubblewrap(script);
  expect(text).toContain('Cannot start: the broker ended: ');
  expect(status).toBe(1);
});

test.each([
  [
    'that is too old',
    '#!/bin/sh\necho bubblewrap 0.4.1\n',
    'this is bubblewrap 0.4.1; driverd needs 0.7.0 or newer',
  ],
  ['that does not run', '#!/bin/sh\nexit 1\n', '/usr/bin/bwrap does not run; install bubblewrap'],
  ['that says something else', '#!/bin/sh\necho hello\n', '/usr/bin/bwrap does not run; install bubblewrap'],
])('a bubblewrap %s (played by a script) is refused in one line (O11)', (_what, script, why) => {
  const { status, text } = withBubblewrap(script);
  expect(text.trim().split('\n')).toHaveLength(1);
  expect(text).toContain(`Cannot start: ${why}`);
  expect(status).toBe(78);
});
