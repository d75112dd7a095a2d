import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { layOut } from './lay-out.ts';
import { type Listener, listenAt } from './listener.ts';
import { makeMachineDisk, runMachine } from './machine.ts';
import { serveDisk } from './nbd.ts';
import { checkPrerequisites } from './prerequisites.ts';
import { finish, type Running } from './process.ts';
import { openRunFolder, type RunFolder } from './run-folder.ts';
import { type Fate, openVolatileDisk, type VolatileDisk } from './volatile-disk.ts';

const DATA_DISK_SIZE = '512M';
/** A machine that did not come up has never connected. */
const HEARD_WITHIN_MS = 10_000;
/** An emulated processor takes seconds for the kernel's tests of its ciphers, and for each look at a clock but this. */
const FASTER = ['cryptomgr.notests', 'tsc=reliable', 'clocksource=tsc'];
/** Without udev and all else that looks for a disk whose place is known: the modules, the disk, and what follows. */
const FIRST_STEPS = [
  'mount -t devtmpfs dev /dev',
  'modprobe -a virtio_pci virtio_blk ext4',
  'mount -t ext4 /dev/vda /root',
  'mount -o move /dev /root/dev',
  'exec run-init /root /usr/local/lib/driverd-bed/init-for-power-cuts',
].join('; ');

/**
 * A machine whose power can be cut. Its first process is init-for-power-cuts, which has driverd keep log and state on a
 * second disk, and callers in it tell somebody outside of each reply.
 */
export interface PoweredMachine {
  readonly name: string;
  /** Makes the second disk anew, with nothing on it; the machine is off then. */
  clear(): Promise<void>;
  /** Boots it from the disks as the last cut left them, with these words for its kernel and its first process. */
  boot(words: readonly string[]): Promise<void>;
  /** What those in it told since it was booted, in whole lines. */
  heard(): readonly string[];
  /** Settles with how it ended and its last words, where that was not by a cut. */
  ended(): Promise<string>;
  /**
   * Ends disk and machine at one moment: what the disk had not flushed is lost but for a share of it, and so is what the
   * machine's kernel had not written. What was heard before is what came out in time.
   *
   * @param share of the disk's cache, see VolatileDisk
   */
  cutPower(share: number): Promise<Fate>;
  /** Gives a folder with what is on the second disk, which was unmounted in order. */
  readDisk(): Promise<string>;
  /** Has it off. */
  stop(): Promise<void>;
}

interface Powered {
  readonly running: Running;
  readonly disk: VolatileDisk;
  readonly server: { close(): Promise<void> };
  readonly listener: Listener;
}

/**
 * Makes what the machines boot from.
 *
 * @param files paths below /srv/cuts in each machine, with what is in them
 */
export async function layOutPoweredMachines(files: Readonly<Record<string, string>>): Promise<RunFolder> {
  checkPrerequisites();
  const run = await openRunFolder();
  try {
    await layOut(run.path);
    writeFiles(run, files);
    await makeMachineDisk(run);
    return run;
  } catch (error) {
    await run.remove();
    throw error;
  }
}

/** @param name what tells it from the others of the run */
export function poweredMachine(run: RunFolder, name: string): PoweredMachine {
  const own = join(run.path, name);
  mkdirSync(own);
  const platter = join(own, 'data-disk');
  const log = join(own, 'log');
  let powered: Powered | null = null;
  let heard: readonly string[] = [];

  async function clear(): Promise<void> {
    await stop();
    const empty = join(own, 'empty');
    for (const folder of ['log', 'state']) mkdirSync(join(empty, folder), { recursive: true, mode: 0o700 });
    rmSync(platter, { force: true });
    await finish(['mke2fs', '-q', '-t', 'ext4', '-d', empty, platter, DATA_DISK_SIZE], log);
  }

  async function boot(words: readonly string[]): Promise<void> {
    const [diskSocket, port] = [join(own, 'data-disk.sock'), join(own, 'replies.sock')];
    for (const socket of [diskSocket, port]) rmSync(socket, { force: true });
    const disk = openVolatileDisk(platter);
    const server = await serveDisk(diskSocket, disk);
    const listener = await listenAt(port);
    const running = runMachine(run, {
      log,
      // What stands behind the dashes is for the first process.
      kernelWords: [...FASTER, ...words, 'rdinit=/bin/sh', '--', '-c', `"${FIRST_STEPS}"`],
      devices: [
        // Its flushes reach the disk, and writes do not wait for the platter.
        ...['-drive', `file=nbd+unix:///?socket=${diskSocket},format=raw,if=virtio,cache=writeback`],
        ...['-device', 'virtio-serial-pci', '-chardev', `socket,id=replies,path=${port}`],
        ...['-device', 'virtserialport,chardev=replies,name=driverd.replies'],
      ],
    });
    powered = { running, disk, server, listener };
  }

  function requirePower(): Powered {
    if (powered === null) throw new Error('Cannot do that: the machine was not booted');
    return powered;
  }

  async function cutPower(share: number): Promise<Fate> {
    const { running, disk, server, listener } = requirePower();
    // The disk first: of what the machine does until it has ended nothing is kept either.
    const fate = disk.cut(share);
    running.child.kill('SIGKILL');
    await running.ended;
    // What it had said by then lies in the socket still.
    await Promise.race([listener.ended, setTimeout(HEARD_WITHIN_MS)]);
    listener.close();
    heard = listener.lines();
    await server.close();
    powered = null;
    return fate;
  }

  async function stop(): Promise<void> {
    if (powered !== null) await cutPower(0);
  }

  async function readDisk(): Promise<string> {
    const folder = join(own, 'read');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    await finish(['debugfs', '-R', `rdump / ${folder}`, platter], log);
    return folder;
  }

  return {
    name,
    heard: () => powered?.listener.lines() ?? heard,
    async ended() {
      const { running } = requirePower();
      return `${await running.ended}\n${running.output()}`;
    },
    ...{ clear, boot, cutPower, readDisk, stop },
  };
}

function writeFiles(run: RunFolder, files: Readonly<Record<string, string>>): void {
  const layer = join(run.path, 'layer');
  // Without systemd nothing else makes them.
  for (const folder of ['srv/kept', 'var/lib/driverd', 'var/log/driverd'])
    mkdirSync(join(layer, folder), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    const target = join(layer, 'srv/cuts', path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}
