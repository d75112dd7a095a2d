import { chmodSync, mkdirSync, mkdtempSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeDevelopmentFolder, permitAll } from '../../../scripts/development-folder.ts';
import type { Recorder } from '../../../src/monitor/audit/recorder.ts';
import { openConfigurationNote } from '../../../src/monitor/configuration/configuration-note.ts';
import { type FileChange, recordable } from '../../../src/monitor/configuration/file-changes.ts';
import {
  type ConfigurationFile,
  type Generation,
  loadGeneration,
} from '../../../src/monitor/configuration/load.ts';
import {
  createRecordedConfiguration,
  type RecordedConfiguration,
} from '../../../src/monitor/configuration/recorded-configuration.ts';
import { createViolations, type Violations } from '../../../src/monitor/configuration/violations.ts';
import { createWatch, type Look } from '../../../src/monitor/configuration/watch.ts';
import { findInstallation } from '../../../src/monitor/installation.ts';
import { parseOptions } from '../../../src/monitor/options.ts';
import type { AuditFields } from '../../../src/shared/audit/fields.ts';
import { createLog } from '../../../src/shared/log.ts';

interface Host {
  readonly folder: string;
  readonly records: { readonly event: string; readonly facts: AuditFields }[];
  readonly violations: Violations;
  load(number: number, files?: ConfigurationFile[]): Generation;
  /** As a daemon that starts anew has it. */
  start(generation: Generation): RecordedConfiguration;
  watch(): (generation: Generation) => Look;
  /** Records of an event since the last question, by their facts. */
  told(event: string): AuditFields[];
}

const PROFILE = 'version: 1\n';

function makeHost(): Host {
  process.umask(0o022);
  const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const { state } = makeDevelopmentFolder(folder, { disk: PROFILE }, permitAll(0));
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const options = parseOptions(['--development', '--config', folder, '--state', state]);
  const records: Host['records'] = [];
  const record: Recorder = async (event, facts) => void records.push({ event, facts });
  const log = createLog('monitor', 'fatal');
  const violations = createViolations(record, log);
  let running: Generation;
  return {
    folder,
    records,
    violations,
    load: (number, files) => loadGeneration(number, options, findInstallation(), new Set(), files),
    start(generation) {
      running = generation;
      const note = openConfigurationNote(state);
      const recorded = createRecordedConfiguration(note, () => running, violations, record, log);
      return {
        ...recorded,
        taken(next, foundBy) {
          running = next;
          return recorded.taken(next, foundBy);
        },
      };
    },
    watch: () => createWatch(options, { socket: join(folder, 's'), log: join(folder, 'log'), state }),
    told(event) {
      const told = records.filter((one) => one.event === event).map(({ facts }) => facts);
      records.splice(0, records.length, ...records.filter((one) => one.event !== event));
      return told;
    },
  };
}

const listedIn = (facts: AuditFields | undefined): FileChange[] =>
  (facts?.['changes'] ?? []) as unknown as FileChange[];
const changesOf = (facts: AuditFields | undefined): [string, string][] =>
  listedIn(facts).map(({ path, change }) => [path.replace(/^.*\/(?=[^/]*\/[^/]*$)/, ''), change]);

describe('what is loaded is on record', () => {
  test('drivers as they are enabled, disabled and stay, over a reload and over a restart', () => {
    const host = makeHost();
    const first = host.load(1);
    const recorded = host.start(first);
    recorded.taken(first, 'start');
    expect(host.told('driver-enabled')).toMatchObject([
      { profile: 'disk', driver: 'disk', driver_digest: first.drivers.get('disk')?.digest, generation: 1 },
    ]);
    // Nothing ran before: nothing changed.
    expect(host.told('configuration-changed')).toEqual([]);

    writeFileSync(join(host.folder, 'drivers.d/more.yaml'), `${PROFILE}driver: disk\n`);
    expect(recorded.taken(host.load(2), 'reload')).toBe(1);
    expect(host.told('driver-enabled')).toMatchObject([{ profile: 'more', driver: 'disk', generation: 2 }]);

    unlinkSync(join(host.folder, 'drivers.d/disk.yaml'));
    const third = host.load(3);
    host.start(third).taken(third, 'start');
    expect(host.told('driver-enabled')).toEqual([]);
    expect(host.told('driver-disabled')).toMatchObject([{ profile: 'disk', generation: 3 }]);
    expect(host.told('configuration-changed').at(-1)).toMatchObject({ found_by: 'start', change_count: 1 });
  });

  test('files as they changed since the load before, with both digests', () => {
    const host = makeHost();
    const first = host.load(1);
    const recorded = host.start(first);
    recorded.taken(first, 'start');
    const profile = join(host.folder, 'drivers.d/disk.yaml');
    writeFileSync(profile, `${PROFILE}network: loopback\n`);
    writeFileSync(
      join(host.folder, 'policy.d/more.cedar'),
      'permit(principal == Uid::"7", action, resource);\n',
    );
    unlinkSync(join(host.folder, 'policy.d/driverd.cedar'));
    recorded.taken(host.load(2), 'reload');
    const [told] = host.told('configuration-changed');
    expect(told).toMatchObject({ found_by: 'reload', generation: 2, change_count: 3 });
    expect(changesOf(told)).toEqual([
      ['drivers.d/disk.yaml', 'changed'],
      ['policy.d/driverd.cedar', 'removed'],
      ['policy.d/more.cedar', 'added'],
    ]);
    const [changed] = listedIn(told);
    expect(changed?.sha256).not.toBe(changed?.before);
    recorded.taken(host.load(3), 'reload');
    expect(host.told('configuration-changed')).toEqual([]);
  });

  test('a configuration that was refused, as far as it was read', () => {
    const host = makeHost();
    const first = host.load(1);
    const recorded = host.start(first);
    recorded.taken(first, 'start');
    writeFileSync(join(host.folder, 'drivers.d/disk.yaml'), 'version: 1\nlimts: {}\n');
    const files: ConfigurationFile[] = [];
    const refusal = (): unknown => {
      try {
        return host.load(2, files);
      } catch (error) {
        return error;
      }
    };
    recorded.refused(files, refusal());
    expect(changesOf(host.told('configuration-changed')[0])).toEqual([['drivers.d/disk.yaml', 'changed']]);
    // The same once more is no news.
    files.length = 0;
    recorded.refused(files, refusal());
    expect(host.told('configuration-changed')).toEqual([]);
  });

  test('and so is a file that others could have written', () => {
    const host = makeHost();
    const first = host.load(1);
    const recorded = host.start(first);
    chmodSync(join(host.folder, 'drivers.d/disk.yaml'), 0o666);
    const files: ConfigurationFile[] = [];
    try {
      host.load(2, files);
    } catch (error) {
      recorded.refused(files, error);
    }
    expect(host.told('permission-violation')).toEqual([
      { path: join(host.folder, 'drivers.d/disk.yaml'), why: 'everybody can write it', found_by: 'reload' },
    ]);
  });
});

describe('the watch between two loads', () => {
  test('finds what changed on disk, once for each state, and nothing where a file was only touched', () => {
    const host = makeHost();
    const first = host.load(1);
    const recorded = host.start(first);
    recorded.taken(first, 'start');
    const look = host.watch();
    recorded.seen(look(first).files);
    expect(host.told('configuration-changed')).toEqual([]);

    const profile = join(host.folder, 'drivers.d/disk.yaml');
    utimesSync(profile, 1, 1);
    recorded.seen(look(first).files);
    expect(host.told('configuration-changed')).toEqual([]);

    writeFileSync(profile, `${PROFILE}# changed\n`);
    writeFileSync(join(host.folder, 'drivers.d/new.yaml'), PROFILE);
    for (let times = 0; times < 3; times += 1) recorded.seen(look(first).files);
    const told = host.told('configuration-changed');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ found_by: 'watch', generation: 1 });
    expect(changesOf(told[0])).toEqual([
      ['drivers.d/disk.yaml', 'changed'],
      ['drivers.d/new.yaml', 'added'],
    ]);

    // Put back as it was, and changed once more: that is another change.
    writeFileSync(profile, PROFILE);
    unlinkSync(join(host.folder, 'drivers.d/new.yaml'));
    recorded.seen(look(first).files);
    writeFileSync(profile, `${PROFILE}# changed\n`);
    recorded.seen(look(first).files);
    expect(host.told('configuration-changed')).toHaveLength(1);
  });

  test('finds files, socket, log and state folder whose owner or mode is not as it has to be, once while it lasts', async () => {
    const host = makeHost();
    const first = host.load(1);
    writeFileSync(join(host.folder, 'log'), '', { mode: 0o640 });
    const server = createServer().listen(join(host.folder, 's'));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const look = host.watch();
    const violationsNow = (): [string, string][] =>
      look(first).violations.map(({ path, why }) => [path.slice(host.folder.length + 1), why]);
    expect(violationsNow()).toEqual([]);

    chmodSync(join(host.folder, 'policy.d/driverd.cedar'), 0o646);
    chmodSync(join(host.folder, 's'), 0o777);
    chmodSync(join(host.folder, 'log'), 0o644);
    chmodSync(join(host.folder, 'state'), 0o755);
    const found = violationsNow();
    expect(found).toEqual([
      ['policy.d/driverd.cedar', 'everybody can write it'],
      ['s', expect.stringMatching(/^it has mode 0777, and had 07[0-7]5$/)],
      ['log', 'it has mode 0644, and may have 0640 at most'],
      ['state', 'it has mode 0755'],
    ]);
    for (let times = 0; times < 2; times += 1)
      for (const violation of look(first).violations) host.violations.found(violation, 'watch');
    expect(host.told('permission-violation')).toHaveLength(4);
    chmodSync(join(host.folder, 'policy.d/driverd.cedar'), 0o644);
    host.violations.keepOnly(look(first).violations);
    chmodSync(join(host.folder, 'policy.d/driverd.cedar'), 0o646);
    for (const violation of look(first).violations) host.violations.found(violation, 'watch');
    expect(host.told('permission-violation')).toHaveLength(1);

    rmSync(join(host.folder, 's'));
    expect(violationsNow()[1]).toEqual(['s', 'the socket is gone']);
    writeFileSync(join(host.folder, 's'), '');
    expect(violationsNow()[1]).toEqual(['s', 'something else stands in the place of the socket']);
  });
});

test('one record holds a bounded number of files, of a bounded length (invariant 14)', () => {
  const entries = (length: number): string[] => Array.from({ length: 1_000 }, () => 'x'.repeat(length));
  expect(recordable(entries(1))).toHaveLength(64);
  expect(recordable(entries(4_000))).toHaveLength(4);
  expect(recordable(entries(2_000).map((entry) => entry.replaceAll('x', 'é')))).toHaveLength(4);
  expect(recordable(entries(1_000).map((entry) => entry.replaceAll('x', '\u007f')))).toHaveLength(2);
  expect(recordable(entries(100_000))).toEqual([]);
});
