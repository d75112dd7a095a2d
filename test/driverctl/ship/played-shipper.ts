import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openPositionFile } from '../../../src/driverctl/ship/position-file.ts';
import { shipLog } from '../../../src/driverctl/ship/ship-log.ts';
import type { Sink } from '../../../src/driverctl/ship/sink.ts';
import type { PlayedLog } from '../audit/played-log.ts';

/** The shipper in this process. */
export interface PlayedShipper {
  readonly reports: readonly string[];
  readonly ended: Promise<void>;
  /** What stands on disk of how far it has come. */
  position(): {
    readonly taken: { readonly seq: number } | null;
    readonly sent: { readonly seq: number } | null;
    readonly missed: number;
  };
  /** As SIGTERM does. */
  stop(): Promise<void>;
}

let files = 0;

/** @param path of the position's file; one of its own where it is left out */
export async function ship(
  log: Pick<PlayedLog, 'path' | 'folder'>,
  sink: Sink,
  path = join(log.folder, `position-${files++}`),
): Promise<PlayedShipper> {
  const stop = new AbortController();
  const reports: string[] = [];
  const position = await openPositionFile(path);
  const ended = shipLog({
    ...{ path: log.path, sink, position, signal: stop.signal },
    report: (line) => void reports.push(line),
  });
  ended.catch(() => undefined);
  onTestFinished(async () => {
    stop.abort();
    await ended.catch(() => undefined);
  });
  return {
    reports,
    ended,
    position: () => JSON.parse(readFileSync(path, 'utf8')),
    async stop() {
      stop.abort();
      await ended;
    },
  };
}
