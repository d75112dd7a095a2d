import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endingWithUs, endingWithUsWhole, finish, type Running, start } from './process.ts';
import type { RunFolder } from './run-folder.ts';
import type { BootingBed } from './wait-for-boot.ts';
import { withRoot } from './with-root.ts';

const DISK_SIZE = '6G';

/** What tells one machine of a run from another: words of the kernel's command line, and devices in words of qemu's. */
export interface MachineParts {
  readonly kernelWords: readonly string[];
  readonly devices: readonly string[];
  /** The file that gets what it prints. */
  readonly log: string;
}

/** Makes the disk that the run's machines boot from. */
export async function makeMachineDisk(run: RunFolder): Promise<void> {
  const mke2fs = ['mke2fs', '-q', '-t', 'ext4', '-d', 'mount/root', diskOf(run), DISK_SIZE];
  await finish([...endingWithUsWhole, ...withRoot(run, mke2fs)], logOf(run));
}

/** Starts a machine that is booted by systemd and has an agent. */
export function startMachine(run: RunFolder): BootingBed {
  const socket = join(run.path, 'machine.sock');
  const devices = [
    ...['-device', 'virtio-serial-pci', '-chardev', `socket,id=agent,path=${socket},server=on,wait=off`],
    ...['-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0'],
  ];
  const running = runMachine(run, {
    kernelWords: ['root=/dev/vda', 'rw', 'systemd.show_status=no'],
    log: logOf(run),
    devices,
  });
  return { kind: 'machine', socket, running };
}

/** Starts a virtual machine with Debian's own kernel: no host's kernel, cgroups or container rules show in it. */
export function runMachine(run: RunFolder, { kernelWords, devices, log }: MachineParts): Running {
  const qemu = [
    ...['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-display', 'none', '-nic', 'none'],
    // What slows an emulated processor most and no test is about: page tables of five levels, and the kernel's answers to
    // faults of real processors. Without them Node starts in half the time.
    ...['-machine', 'q35', '-cpu', 'max,la57=off', '-smp', '2', '-m', '3G', ...acceleration()],
    ...['-kernel', run.base.kernel, '-initrd', run.base.initramfs],
    ...['-append', ['console=ttyS0', 'quiet', 'mitigations=off', 'panic=-1', ...kernelWords].join(' ')],
    ...['-serial', 'stdio', '-no-reboot'],
    // Nothing has to be on the disk for good: what is written goes to a file that qemu removes, so machines share it.
    ...['-drive', `file=${diskOf(run)},format=raw,if=virtio,cache=unsafe,snapshot=on`],
    ...devices,
  ];
  return start([...endingWithUs, ...qemu], log);
}

function diskOf(run: RunFolder): string {
  return join(run.path, 'disk.ext4');
}

function logOf(run: RunFolder): string {
  return join(run.path, 'machine.log');
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
