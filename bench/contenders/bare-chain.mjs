// node bare-chain.mjs SOCKET: the processes and threads that a call of a persistent driver passes, with as many bytes and the
// same fdatasync(2) between them, and with nothing to do: no message is read, checked, decided, hashed or recorded. What it
// takes is what driverd cannot go below on a machine without another arrangement of its processes.
import { spawn } from 'node:child_process';
import { fdatasyncSync, openSync, writeSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { makeNonblockingPipe } from '../../src/posix/pipes.ts';

/** Bytes, about as many as driverd's. */
const [INTENT, OUTCOME, RECORD, NOTICE] = [400, 306, 928, 6].map((length) => Buffer.alloc(length, 'x'));
const [ASKED, DONE, SYNC] = [0, 1, 2];
const program = fileURLToPath(import.meta.url);

function monitor(socket) {
  const log = openSync(join(dirname(socket), 'bare-chain.log'), 'a', 0o600);
  const notices = makeNonblockingPipe();
  const broker = spawn(process.execPath, [program, socket, 'broker'], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', notices.read.number],
  });
  const words = new Int32Array(new SharedArrayBuffer(16));
  new Worker(program, { workerData: { words, log, notices: notices.write.number } });
  broker.stdio[3].on('data', ({ length }) => {
    words[SYNC] = length === OUTCOME.length ? 1 : 0;
    const done = Atomics.load(words, DONE);
    Atomics.add(words, ASKED, 1);
    Atomics.notify(words, ASKED);
    // As the monitor hears that its records stand.
    void Atomics.waitAsync(words, DONE, done);
  });
  process.on('SIGTERM', () => {
    broker.kill('SIGKILL');
    process.exit(0);
  });
}

function appendingThread({ words, log, notices }) {
  for (let done = 0; ; ) {
    while (Atomics.load(words, ASKED) === done) Atomics.wait(words, ASKED, done);
    done = Atomics.load(words, ASKED);
    writeSync(log, RECORD);
    if (words[SYNC] === 1) fdatasyncSync(log);
    writeSync(notices, NOTICE);
    Atomics.store(words, DONE, done);
    Atomics.notify(words, DONE);
  }
}

function broker(socket) {
  const audit = new Socket({ fd: 3 });
  const notices = new Socket({ fd: 4, readable: true, writable: false });
  const driver = spawn(process.execPath, [program, socket, 'driver'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let caller;
  let request = null;
  let reply;
  notices.on('data', () => {
    if (request === null) return caller.write(reply);
    driver.stdin.write(request);
    request = null;
  });
  driver.stdout.on('data', (chunk) => {
    reply = chunk;
    audit.write(OUTCOME);
  });
  // Without the monitor there is nothing to do.
  audit.on('close', () => process.exit(0));
  createServer((connection) => {
    caller = connection;
    connection.on('error', () => connection.destroy());
    connection.on('data', (chunk) => {
      request = chunk;
      audit.write(INTENT);
    });
  }).listen(socket, () => process.stdout.write('listening\n'));
}

function driver() {
  process.stdin.on('data', (chunk) => process.stdout.write(chunk));
}

if (!isMainThread) appendingThread(workerData);
else {
  const [socket = '', role = 'monitor'] = process.argv.slice(2);
  ({ monitor, broker, driver })[role](socket);
}
