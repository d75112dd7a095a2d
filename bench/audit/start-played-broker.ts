import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { BROKER_DESCRIPTORS } from '../../src/boundary/build.ts';
import type { Descriptor } from '../../src/posix/descriptor.ts';
import { makeNonblockingPipe } from '../../src/posix/pipes.ts';

/** A played broker, and the monitor's ends of the pair on which it asks for records and of the pipe on which it hears of them. */
export interface PlayedBroker {
  readonly broker: ChildProcess;
  readonly audit: Socket;
  readonly notices: Descriptor;
}

export function startPlayedBroker(words: string): PlayedBroker {
  const program = fileURLToPath(new URL('played-broker.ts', import.meta.url));
  const { read, write: notices } = makeNonblockingPipe();
  const broker = spawn(process.execPath, [program, words], {
    stdio: ['ignore', 'pipe', 'inherit', 'ignore', 'pipe', 'pipe', 'ignore', read.number],
  });
  read.close();
  pairOf(broker, BROKER_DESCRIPTORS.control).resume();
  return { broker, notices, audit: pairOf(broker, BROKER_DESCRIPTORS.audit) };
}

function pairOf(broker: ChildProcess, number: number): Socket {
  const pair: unknown = Object.values(broker.stdio)[number];
  if (!(pair instanceof Socket)) throw new Error('Cannot measure: there is no pair');
  return pair;
}

/** Prints what the broker has measured, with this process's share of the same time. Settles when the broker has ended. */
export async function reportMeasured(broker: ChildProcess): Promise<void> {
  // The broker says when its measuring begins, and then what came of it.
  let cpu = process.cpuUsage();
  broker.stdout?.on('data', (said: Buffer) => {
    if (said.toString() === 'begins\n') {
      cpu = process.cpuUsage();
      return;
    }
    const { user, system } = process.cpuUsage(cpu);
    const measured: object = JSON.parse(said.toString());
    process.stdout.write(`${JSON.stringify({ ...measured, monitorSeconds: (user + system) / 1e6 })}\n`);
  });
  await new Promise((resolve) => broker.once('exit', resolve));
}
