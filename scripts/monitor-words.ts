import { join } from 'node:path';
import { ROOT } from './development-folder.ts';

/**
 * What Node is started with to be the monitor, up to the monitor's own words; the same stands in systemd/driverd.service. V8's young
 * generation may take three times 4 MiB: with its own 16 a busy monitor grows by some 100 MiB, of which nothing is in use, is no
 * faster, and starts drivers more slowly, since fork(2) takes time in proportion to memory. The rest may grow to twice what was in
 * use after the last collection: with V8's own rule, up to four times where few calls come, a monitor came by 20 MiB more that it
 * kept.
 */
export function monitorWords(installation: string = ROOT): readonly string[] {
  const bounds = ['--max-semi-space-size=4', '--heap-growing-percent=100'];
  return [...bounds, join(installation, 'dist/monitor/main.js')];
}
