import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { driverFilter, NO_GRANTS } from '../../../src/monitor/launch/filter.ts';
import { sweepLaunches } from '../../../src/monitor/launch/sweep.ts';
import { buildSeccompFilter } from '../../../src/posix/seccomp.ts';
import { isAlive, statusOf } from '../../support/processes.ts';
import { direct, planFor, startProgram } from '../../support/sandbox.ts';

/** Attaches to the sandbox's pid 1 with ptrace and makes it call setsid and prctl(PR_SET_PDEATHSIG, 0) (x86-64). */
const ATTACK = `
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
ATTACH, DETACH, GETREGS, SETREGS, SINGLESTEP, PEEK, POKE = 16, 17, 12, 13, 9, 1, 4
def must(value, what):
    if value < 0: print('failed', what, ctypes.get_errno(), flush=True); sys.exit(9)
    return value
must(libc.ptrace(ATTACH, 1, None, None), 'attach')
os.waitpid(1, 0x40000000)
saved = ctypes.create_string_buffer(27 * 8)
must(libc.ptrace(GETREGS, 1, None, saved), 'getregs')
regs = list(struct.unpack('27Q', saved.raw))
memory = open('/proc/1/mem', 'r+b', buffering=0)
def call(number, *arguments):
    at = regs[16]
    memory.seek(at); old = memory.read(2)
    memory.seek(at); memory.write(b'\\x0f\\x05')
    mine = list(regs)
    mine[10] = number; mine[15] = 2 ** 64 - 1
    for index, value in zip((14, 13, 12), arguments): mine[index] = value
    must(libc.ptrace(SETREGS, 1, None, struct.pack('27Q', *mine)), 'setregs')
    must(libc.ptrace(SINGLESTEP, 1, None, None), 'step')
    os.waitpid(1, 0x40000000)
    after = ctypes.create_string_buffer(27 * 8)
    must(libc.ptrace(GETREGS, 1, None, after), 'getregs')
    memory.seek(at); memory.write(old)
    must(libc.ptrace(SETREGS, 1, None, saved.raw), 'setregs')
    return struct.unpack('27q', after.raw)[10]
print('setsid', call(112), 'pdeathsig', call(157, 1, 0), flush=True)
must(libc.ptrace(DETACH, 1, None, None), 'detach')
import time
time.sleep(1000)
`;

const withoutPtrace = driverFilter({ ...NO_GRANTS, allow: ['ptrace'] });

async function attacked(): Promise<ReturnType<typeof startProgram> & { firstPid: number }> {
  const program = startProgram(
    planFor(direct('/usr/bin/python3', '-c', ATTACK)),
    buildSeccompFilter(withoutPtrace),
  );
  const { firstPid } = await program.sandbox.ready;
  program.sandbox.go();
  await wait(1_500);
  return { ...program, firstPid };
}

test.runIf(process.arch === 'x64')(
  'a driver that talked the sandbox’s own pid 1 out of its death signal and process group is dead within 1 s of the end (invariant 9)',
  async () => {
    const { sandbox, firstPid, output } = await attacked();
    expect(isAlive(firstPid)).toBe(true);
    sandbox.kill();
    await Promise.race([sandbox.ended, wait(1_000)]);
    expect(isAlive(firstPid)).toBe(false);
    expect(output()).toMatch(/^setsid \d+ pdeathsig 0/);
  },
);

test.runIf(process.arch === 'x64')(
  'a driver that freed the sandbox’s own pid 1 outlives its monitor and bubblewrap, until the sweep at the next start ends it (invariant 9, O2)',
  async () => {
    const state = mkdtempSync(join(tmpdir(), 'driverd-sweep-'));
    const { sandbox, firstPid } = await attacked();
    sweepLaunches(state).notes.note(firstPid);
    // What the end of the monitor does: the launcher dies with it, and pid 1 no longer dies with the launcher.
    process.kill(Number(statusOf(firstPid).get('PPid')), 'SIGKILL');
    expect(isAlive(firstPid)).toBe(true);
    expect(sweepLaunches(state).killed).toBe(1);
    await sandbox.ended;
    expect(isAlive(firstPid)).toBe(false);
    rmSync(state, { recursive: true });
  },
);

test('the sweep at the next start kills a sandbox that was left alive, and no process that only has its number (O2)', async () => {
  const state = mkdtempSync(join(tmpdir(), 'driverd-sweep-'));
  const filter = buildSeccompFilter(driverFilter(NO_GRANTS));
  const { sandbox } = startProgram(planFor(direct('/usr/bin/sleep', '1000')), filter);
  const { firstPid } = await sandbox.ready;
  sandbox.go();
  sweepLaunches(state).notes.note(firstPid);
  expect(sweepLaunches(state).killed).toBe(1);
  await sandbox.ended;
  expect(isAlive(firstPid)).toBe(false);
  expect(sweepLaunches(state).killed).toBe(0);
  rmSync(state, { recursive: true });
});
