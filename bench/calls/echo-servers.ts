import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endsWithUs } from './ends-with-us.ts';

const folder = fileURLToPath(new URL('../contenders/', import.meta.url));

/** Packages of others; and our own processes with nothing to do. */
export type EchoPackage = 'jayson' | 'json-rpc-2.0';
export type EchoServerName = EchoPackage | 'bare-chain';

/** A server in processes of its own, which checks nothing. */
export interface EchoServer {
  readonly socket: string;
  stop(): void;
}

/** Why one cannot be measured here; null where it can. */
export function echoServerMissing(name: EchoPackage): string | null {
  return existsSync(join(folder, 'node_modules', name))
    ? null
    : `${name} is not installed: \`npm run setup -- bench\` installs it`;
}

/**
 * @param below a folder for its socket
 * @param text a file that the method `show` answers with
 */
export async function startEchoServer(
  name: EchoServerName,
  below: string,
  ...text: readonly string[]
): Promise<EchoServer> {
  const socket = join(below, `${name}.sock`);
  const server = spawn(process.execPath, [join(folder, `${name}.mjs`), socket, ...text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endsWithUs(server);
  await listening(server, name);
  return { socket, stop: () => void server.kill() };
}

function listening(server: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.stdout?.once('data', () => resolve());
    server.once('exit', (status) => reject(new Error(`Cannot measure: ${name} ended with status ${status}`)));
  });
}
