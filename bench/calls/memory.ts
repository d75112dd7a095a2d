import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Effort } from './effort.ts';
import { manyDrivers } from './many.ts';
import { type MeasuredDaemon, startMeasured } from './measured-daemon.ts';
import { alone, type Measurement, type Question } from './measurement.ts';
import { NATIVE } from './profiles.ts';
import { proportionalKibibytes, withDescendants } from './proportional-memory.ts';
import { openWire } from './wire.ts';

const CONNECTIONS = 1_000;
const DRIVERS = 100;
const KIBIBYTES = 1_024;
/** In which garbage of the start is collected, or is not. */
const SETTLE_MS = 3_000;

const common = { peer_name: null, unit: 'MB', better: 'less', judged: 'ours' } as const;
const IDLE: Question = {
  ...{ name: 'idle_pss_mb', what: 'idle memory of monitor and broker together (PSS)', aim: 150, ...common },
};
const AFTER_CALLS: Question = {
  ...{ name: 'pss_after_calls_mb', what: 'the same after calls', ...common },
};
const WITH_DRIVERS: Question = {
  ...{ name: 'idle_pss_100_drivers_mb', what: `the same, idle with ${DRIVERS} drivers enabled`, ...common },
};
const EACH_CONNECTION: Question = {
  ...{ name: 'idle_connection_kib', what: 'memory for each idle connection', ...common },
  ...{ unit: 'KiB', aim: 20, note: `${CONNECTIONS} connections` },
};

/** Memory of a daemon to which nothing comes. */
export async function measureMemory(effort: Effort): Promise<readonly Measurement[]> {
  const daemon = await startMeasured({ profiles: { native: NATIVE } });
  await call(daemon, 1);
  const idle = await settled(daemon);
  const connections = await connectMany(daemon.socket, CONNECTIONS);
  const connected = await settled(daemon);
  for (const connection of connections) connection.destroy();
  await call(daemon, effort.launches);
  const afterCalls = await settled(daemon);
  await daemon.stop();
  const many = await startMeasured(manyDrivers(DRIVERS));
  await call(many, 1);
  const withDrivers = await settled(many);
  await many.stop();
  return [
    alone(IDLE, [idle / KIBIBYTES]),
    alone({ ...AFTER_CALLS, what: `the same after ${effort.launches} cold calls` }, [afterCalls / KIBIBYTES]),
    alone(EACH_CONNECTION, [(connected - idle) / CONNECTIONS]),
    alone(WITH_DRIVERS, [withDrivers / KIBIBYTES]),
  ];
}

async function settled(daemon: MeasuredDaemon): Promise<number> {
  await wait(SETTLE_MS);
  return proportionalKibibytes(withDescendants(daemon.pid));
}

async function call(daemon: MeasuredDaemon, times: number): Promise<void> {
  const wire = await openWire(daemon.socket);
  for (let run = 0; run < times; run += 1) await wire.call('native.copy', { text: 'x' });
  wire.close();
}

/** Connections that say nothing. */
export async function connectMany(path: string, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (let number = 0; number < count; number += 1) {
    const socket = connect(path);
    socket.on('error', () => socket.destroy());
    await new Promise((resolve) => socket.once('connect', resolve));
    sockets.push(socket);
  }
  return sockets;
}
