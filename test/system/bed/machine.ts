import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endingWithUs, endingWithUsWhole, finish, start } from './process.ts';
import type { RunFolder } from './run-folder.ts';
import type { BootingBed } from './wait-for-boot.ts';
import { withRoot } from './with-root.ts';

const DISK_SIZE = '6G';

/** Starts a virtual machine with Debian's own kernel: no host's kernel, cgroups or container rules show in it. */
export async function startMachine(run: RunFolder): Promise<BootingBed> {
  const disk = join(run.path, 'disk.ext4');
  const mke2fs = ['mke2fs', '-q', '-t', 'ext4', '-d', 'mount/root', disk, DISK_SIZE];
  const log = join(run.path, 'machine.log');
  await finish([...endingWithUsWhole, ...withRoot(run, mke2fs)], log);
  const socket = join(run.path, 'machine.sock');
  const qemu = [
    ...['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-display', 'none', '-nic', 'none'],
    // What slows an emulated processor most and no test is about: page tables of five levels, and the kernel's answers to
    // faults of real processors. Without them Node starts in half the time.
    ...['-machine', 'q35', '-cpu', 'max,la57=off', '-smp', '2', '-m', '3G', ...acceleration()],
    ...['-kernel', run.base.kernel, '-initrd', run.base.initramfs],
    ...['-append', 'root=/dev/vda rw console=ttyS0 quiet mitigations=off panic=-1 systemd.show_status=no'],
    ...['-serial', 'stdio', '-no-reboot'],
    // The disk is of this run only: nothing has to be on it for good.
    ...['-drive', `file=${disk},format=raw,if=virtio,cache=unsafe`],
    ...['-device', 'virtio-serial-pci', '-chardev', `socket,id=agent,path=${socket},server=on,wait=off`],
    ...['-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0'],
  ];
  return { kind: 'machine', socket, running: start([...endingWithUs, ...qemu], log) };
}

/**
 * KVM on a processor that has virtualization of its own; without it a kernel may still offer /dev/kvm and interpret the
 * guest's kernel, which is slower than qemu's own translation.
 */
function acceleration(): readonly string[] {
  const inHardware = /^flags\s*:.*\b(?:vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'latin1'));
  return [...(inHardware && mayUseKvm() ? ['-accel', 'kvm'] : []), '-accel', 'tcg,thread=multi'];
}

function mayUseKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
