import { describe, expect, test } from 'vitest';
import { asksOf, grantsOf, notedGrants, widerThan } from '../../../src/shared/configuration/grants.ts';
import { parseProfile } from '../../../src/shared/configuration/profile.ts';

const profile = (text: string) =>
  grantsOf(parseProfile('/c/drivers.d/disk.yaml', Buffer.from(`version: 1\n${text}`)).value);

describe('what is wider', () => {
  test('a profile with nothing in it grants nothing beyond the default sandbox', () => {
    expect(profile('').words).toEqual([]);
    expect(widerThan(profile(''), profile(''))).toEqual([]);
  });

  test('each word of a profile is one', () => {
    const text = [
      'user: backup',
      'groups: [adm]',
      'filesystem: { read: [/srv, { path: /, at: /host }], write: [/var/x], scratch: [/work] }',
      'network: host',
      'devices: [/dev/kvm]',
      'syscalls: { allow: [ptrace], sockets: [netlink] }',
      'secrets: [{ name: token, file: /etc/token }]',
    ].join('\n');
    expect(widerThan(profile(text), profile(''))).toEqual([
      ...['device:/dev/kvm', 'group:adm', 'network:host', 'read:/=/host', 'read:/srv', 'scratch:/work'],
      ...['secret:token', 'socket:netlink', 'syscall:ptrace', 'user:backup', 'write:/var/x'],
    ]);
  });

  test('a folder covers what lies below it, writing covers reading, and no path covers a neighbour of like name', () => {
    const held = profile('filesystem: { read: [/srv], write: [/var/x] }');
    const asked = asksOf({ filesystem: { read: ['/srv/a', '/srvx', '/var/x/y'], write: ['/srv/a'] } });
    expect(widerThan(asked, held)).toEqual(['read:/srvx', 'write:/srv/a']);
  });

  test('the host’s network covers a loopback, not the other way', () => {
    expect(widerThan(asksOf({ network: 'loopback' }), profile('network: host'))).toEqual([]);
    expect(widerThan(asksOf({ network: 'host' }), profile('network: loopback'))).toEqual(['network:host']);
  });

  test('another filter, another driver under a name, and another source of a secret are wider', () => {
    const noted = (text: string) =>
      notedGrants(parseProfile('/c/drivers.d/disk.yaml', Buffer.from(`version: 1\n${text}`)).value);
    expect(widerThan(noted(''), noted('syscalls: { filter: strict }'))).toEqual(['limit:filter=1']);
    expect(widerThan(noted('syscalls: { filter: strict }'), noted(''))).toEqual([]);
    expect(widerThan(noted('driver: cpu'), noted(''))).toEqual(['driver:cpu']);
    const secret = (file: string) => noted(`secrets: [{ name: t, file: ${file} }]`);
    expect(widerThan(secret('/root/other'), secret('/etc/x'))).toEqual(['secret:t=/root/other:file']);
  });

  test('limits are compared by their numbers; none is more than any', () => {
    const held = profile('limits: { processes: 64, data_bytes: null, wall_ms: 1000 }');
    const asked = asksOf({ limits: { processes: 100, data_bytes: 1_073_741_824, wall_ms: 500 } });
    expect(widerThan(asked, held)).toEqual(['limit:processes=100']);
    expect(
      widerThan(
        asksOf({ limits: { address_space_bytes: null } }),
        profile('limits: { address_space_bytes: 1048576 }'),
      ),
    ).toEqual(['limit:address_space_bytes=none']);
  });
});
