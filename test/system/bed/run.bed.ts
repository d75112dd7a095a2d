import { describe, expect, test } from 'vitest';
import { bedKinds } from './bed.ts';
import { sharedBed } from './shared-bed.ts';

const MEBIBYTE = 1_048_576;

describe.each(bedKinds)('a command in the bed "%s"', (kind) => {
  const bed = sharedBed(kind);

  test('is run by root, with its words as they are', async () => {
    const words = ["it's", '$HOME', 'two words', '', 'ünïcode\nline'];
    const { status, stdout } = await bed.run(['sh', '-c', 'id -u; printf "<%s>" "$@"', 'sh', ...words]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `0\n${words.map((word) => `<${word}>`).join('')}`,
    });
  });

  test('gets its input, and its two outputs are kept apart', async () => {
    const result = await bed.run(['sh', '-c', 'cat; echo no >&2; exit 7'], { input: 'yes' });
    expect(result).toEqual({ status: 7, stdout: 'yes', stderr: 'no\n' });
  });

  test('that a signal ends has a status above 128', async () => {
    expect((await bed.run(['sh', '-c', 'kill -9 $$'])).status).toBe(137);
  });

  test('that does not exist has status 127, and says so', async () => {
    const { status, stderr } = await bed.run(['/no/such/program']);
    expect({ status, stderr }).toEqual({ status: 127, stderr: expect.stringContaining('/no/such/program') });
  });

  test('may print 12 MiB', async () => {
    const { stdout } = await bed.run(['head', '-c', String(12 * MEBIBYTE), '/dev/zero']);
    expect(stdout.length).toBe(12 * MEBIBYTE);
  });

  test('may print to a name of its stdout', async () => {
    expect(await bed.sh('echo yes > /dev/stdout')).toBe('yes\n');
  });

  test('has a cgroup to itself, in which it may make others', async () => {
    const place = (await bed.sh('sed -n "s/^0:://p" /proc/self/cgroup')).trim();
    expect(place).toMatch(/^\/system\.slice\/qemu-guest-agent\.service\/commands\/\d+-\d+$/);
    await bed.sh('cd "/sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)" && mkdir one && rmdir one');
  });

  test('is killed with what it started where it does not end in time', async () => {
    const script = 'setsid sleep 54321 & echo begun; sleep 54321';
    await expect(bed.run(['sh', '-c', script], { timeoutMs: 2_000 })).rejects.toThrow(/not ended.*\nbegun/);
    expect((await bed.run(['pgrep', '--full', 'sleep 54321'])).stdout).toBe('');
  });

  test('of a script that fails is an error with all that it printed', async () => {
    await expect(bed.sh('echo one; echo two >&2; exit 3')).rejects.toThrow(/status 3\none\ntwo/);
  });

  test('reads and writes files', async () => {
    await bed.write('/root/file', 'häh\n', 0o600);
    expect(await bed.read('/root/file')).toBe('häh\n');
    expect(await bed.sh('stat --format=%a /root/file')).toBe('600\n');
  });
});
