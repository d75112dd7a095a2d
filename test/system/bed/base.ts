import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { debianMirror } from '../../support/debian-mirror.ts';
import { endingWithUsWhole, finish } from './process.ts';

/** The oldest system that driverd is for: systemd 252, bubblewrap 0.8, and the first kernel that Debian has below 6.5. */
const RELEASE = 'bookworm';

const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'udev', 'kmod', 'qemu-guest-agent'],
  ...['linux-image-cloud-amd64', 'initramfs-tools'],
  ...['bubblewrap', 'libseccomp2', 'util-linux', 'bsdutils', 'libcap2-bin', 'runc'],
  ...['procps', 'socat', 'strace', 'python3', 'iproute2', 'iputils-ping', 'debootstrap'],
];

/** What the initial memory file system loads to find the disk; all modules would be three times as much to unpack. */
const INITRAMFS = {
  'etc/initramfs-tools/conf.d/bed': 'MODULES=list\nCOMPRESS=gzip\n',
  'etc/initramfs-tools/modules': 'virtio_pci\nvirtio_blk\next4\n',
};

/** Debian as debootstrap made it; never changed. */
export interface Base {
  readonly root: string;
  readonly kernel: string;
  readonly initramfs: string;
}

/** The name of the base's folder: other contents, other name. */
export function baseName(): string {
  return createHash('sha256')
    .update(JSON.stringify([RELEASE, PACKAGES, INITRAMFS]))
    .digest('hex')
    .slice(0, 16);
}

export function baseIn(folder: string): Base {
  return {
    root: join(folder, 'root'),
    kernel: join(folder, 'kernel'),
    initramfs: join(folder, 'initramfs'),
  };
}

/**
 * Makes the base: all of it, or nothing that has its name.
 *
 * @throws Error where this host's apt names no Debian mirror, or debootstrap fails
 */
export async function makeBase(folder: string): Promise<void> {
  const making = `${folder}.making`;
  const log = `${folder}.log`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  const base = baseIn(making);
  const options = ['--variant=minbase', `--include=${PACKAGES.join(',')}`];
  await finish(
    [...endingWithUsWhole, 'debootstrap', ...options, RELEASE, base.root, debianMirror(RELEASE)],
    log,
  );
  for (const [path, text] of Object.entries(INITRAMFS)) writeFileSync(join(base.root, path), text);
  await finish([...endingWithUsWhole, 'chroot', base.root, 'update-initramfs', '-u'], log);
  const boot = join(base.root, 'boot');
  renameSync(only(boot, 'vmlinuz-'), base.kernel);
  // Unpacked here, once: an emulated processor takes seconds for it at each boot.
  writeFileSync(base.initramfs, gunzipSync(readFileSync(only(boot, 'initrd.img-'))));
  for (const unused of ['boot', 'var/cache/apt/archives', 'var/lib/apt/lists'])
    for (const name of readdirSync(join(base.root, unused)))
      rmSync(join(base.root, unused, name), { recursive: true });
  renameSync(making, folder);
  rmSync(log);
}

function only(folder: string, prefix: string): string {
  const [name, ...others] = readdirSync(folder).filter((candidate) => candidate.startsWith(prefix));
  if (name === undefined || others.length > 0)
    throw new Error(`Cannot make a test bed: ${folder} has not one ${prefix}*`);
  return join(folder, name);
}
