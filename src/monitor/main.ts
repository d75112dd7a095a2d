#!/usr/bin/env node
/**
 * The monitor: the small privileged process (OpenSSH's word, README.privsep).
 *
 * It accepts connections, asks the kernel who is there, hands each on unread to the broker; starts broker and drivers
 * in their sandboxes and hands the drivers' streams on unread; owns the audit log, its keys and notes.
 *
 * It trusts the kernel, and files that only root (or, rootless, its own user) can write. It does not trust the broker:
 * that may send a closed table of bounded messages with names and numbers; anything else ends it.
 *
 * It never sees a byte that a caller or a driver wrote.
 */
import '../posix/close-inherited.ts';
import { spareMemory } from '../posix/spare-memory.ts';
import { createLog } from '../shared/log.ts';
import { startDaemon } from './daemon.ts';
import { findInstallation } from './installation.ts';
import { type PassedSocket, takePassedSocket } from './listen/activation.ts';
import { type Options, parseOptions } from './options.ts';
import { findServiceManager } from './service-manager.ts';
import { noteDaemon } from './state-folder.ts';
import { VERSION } from './version.ts';
import { WorthAnotherTry } from './worth-another-try.ts';

const EXIT_USAGE = 2;
const EXIT_FAILED = 1;
/** EX_CONFIG of sysexits.h: an admin has to change something first; the unit does not start it again. */
const EXIT_CANNOT_START = 78;

function readOptions(): Options | null {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`driverd: ${error.message}\n`);
    process.stderr.write(
      'usage: driverd [--config DIR] [--socket PATH] [--state DIR] [--user UID:GID] [--development]\n',
    );
    return null;
  }
}

async function main(options: Options): Promise<void> {
  // Files are made private unless said otherwise; without a handler SIGUSR1 would open Node's inspector on a port.
  process.umask(0o077);
  process.on('SIGUSR1', () => undefined);
  spareMemory();
  const log = createLog('monitor', 'info');
  const manager = findServiceManager(process.env, log);
  let passed: PassedSocket | null = null;
  try {
    passed = takePassedSocket(process.env);
    if (passed !== null && options.socket !== null)
      throw new Error(`Cannot listen on ${options.socket}: ${passed.path} was passed already`);
    const daemon = await startDaemon({
      options: passed === null ? options : { ...options, socket: passed.path },
      installation: findInstallation(),
      ...{ log, manager, passed },
    });
    process.on('SIGTERM', () => void daemon.stop());
    process.on('SIGINT', () => void daemon.stop());
    process.on('SIGHUP', () => void daemon.reload());
    noteDaemon(options.state);
    if (daemon.development) log.warn('this is a development configuration: not for production');
    log.info({ socket: daemon.socket, version: VERSION }, 'driverd is listening');
    manager.ready(daemon.status());
  } catch (error) {
    const why = error instanceof Error ? error.message : 'Cannot start';
    log.fatal(why);
    manager.status(why);
    // Who waits at a passed socket waits for the next try.
    if (error instanceof WorthAnotherTry) process.exit(EXIT_FAILED);
    await passed?.turnAway();
    process.exit(EXIT_CANNOT_START);
  }
}

const options = readOptions();
if (options === null) process.exitCode = EXIT_USAGE;
else await main(options);
