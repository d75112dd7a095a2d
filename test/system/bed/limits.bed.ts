import { beforeAll, describe, expect, test } from 'vitest';
import { installedDriverd, until } from './installed-driverd.ts';
import { sharedBed } from './shared-bed.ts';

/** Only a kernel of its own gives cgroup v2 its controllers, whatever the host has. */
const bed = sharedBed('machine');
const driverd = installedDriverd(bed);
const MEMORY_BYTES = 67_108_864;

beforeAll(() =>
  driverd.configure({
    catter: 'require: [memory]\n',
    'memory-bomb': `limits: { memory_bytes: ${MEMORY_BYTES}, data_bytes: null }\n`,
    'shared-memory-bomb': `limits: { memory_bytes: ${MEMORY_BYTES}, data_bytes: null }\n`,
    'fork-bomb': 'limits: { processes: 16 }\n',
    'failing-fork-bomb': 'limits: { processes: 16 }\n',
    'half-a-processor': 'driver: stubborn\nlimits: { cpu_percent: 50 }\n',
  }),
);

describe('in the machine', () => {
  test.each([
    ['memory-bomb', 'memory', 'memory-limit', 'memory.max ends a memory bomb'],
    ['shared-memory-bomb', 'memory', 'memory-limit', 'memory.max ends a bomb of shared memory (R1)'],
    ['fork-bomb', 'processes', 'process-limit', 'pids.max ends a fork bomb (R3)'],
    ['failing-fork-bomb', 'processes', 'process-limit', 'pids.max also ends one that gives up (R3)'],
  ])(
    '%s meets its limit of %s, which is its end (%s), while another driver’s calls go on: %s',
    async (profile, limit, end) => {
      await driverd.callInBackground(`${profile}.run`);
      expect((await driverd.call('catter.copy', { text: 'beside' })).result).toMatchObject({
        stdout: 'beside',
      });
      const reply = await driverd.call(`${profile}.run`);
      expect(reply.error?.data).toMatchObject({ reason: 'resource-limit', limit });
      const ends = (await driverd.records()).filter(
        ({ event, facts }) => event === 'launch-end' && facts['profile'] === profile,
      );
      expect(ends.at(-1)?.facts).toMatchObject({ end });
      const { request_id: request } = reply.error?.data ?? {};
      const outcome = (await driverd.records()).find(
        ({ event, claims }) => event === 'call-end' && claims['request_id'] === request,
      );
      expect(outcome).toMatchObject({ facts: { run: { end } }, claims: { outcome: end, end_reason: limit } });
      expect((await driverd.call('catter.copy', { text: 'after' })).result).toMatchObject({
        stdout: 'after',
      });
      expect(await driverd.property('NRestarts')).toBe('0');
    },
  );

  test('what a launch used stands in its record, and its cgroup is gone', async () => {
    await driverd.call('catter.copy', { text: 'x' });
    const end = (await driverd.records()).findLast(({ event }) => event === 'launch-end');
    const number = expect.any(Number);
    expect(end?.facts['usage']).toEqual({
      ...{ memory_peak_bytes: number, cpu_microseconds: number, read_bytes: number, written_bytes: number },
    });
    const group = await driverd.property('ControlGroup');
    // The kernel takes a moment over a cgroup whose processes are just dead.
    await until(
      async () => (await bed.sh(`find /sys/fs/cgroup${group}/driverd-* -mindepth 1 -type d`)) === '',
    );
  });

  test('a launch says the limits that hold it, and the kernel has them', async () => {
    await driverd.callInBackground('half-a-processor.run');
    const { result } = await driverd.call('rpc.isolation');
    const planned = result.drivers.find(({ name }: { name: string }) => name === 'half-a-processor');
    expect(planned.isolation).toMatchObject({
      cgroup: 'kill',
      limits: { cpu_percent: 50, memory_bytes: 1_073_741_824, cgroup_processes: 66 },
      degraded: [],
    });
    const group = await driverd.property('ControlGroup');
    const files = [
      'memory.max',
      'memory.swap.max',
      'memory.oom.group',
      'pids.max',
      'cpu.max',
      'cgroup.procs',
    ];
    const [folder = ''] = (await bed.sh(`ls -d /sys/fs/cgroup${group}/driverd-*/*/`)).split('\n');
    const values = await Promise.all(
      files.map((file) => bed.read(`${folder}${file}`).catch(() => 'not there')),
    );
    expect(values.slice(0, -1).map((value) => value.trim())).toEqual([
      ...['1073741824', '0', '1', '66', '50000 100000'],
    ]);
    expect((values.at(-1) ?? '').trim().split('\n').length).toBeGreaterThan(2);
  });
});
