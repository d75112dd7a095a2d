import { existsSync, readFileSync } from 'node:fs';
import { cpus, freemem, loadavg, machine, release, totalmem, type, uptime, version } from 'node:os';
import { serve } from 'driverd/sdk';
import { readDistribution } from './os-release.ts';

/** The host's name by its file: the sandbox has a UTS namespace, so uname(2) tells the sandbox's (uts_namespaces(7)). */
const HOSTNAME_FILES = ['/host/etc/hostname', '/etc/hostname'];
/** Often a relative link to /usr/lib, which the profile does not show below /host; every sandbox has the host's own. */
const DISTRIBUTION_FILES = ['/etc/os-release', '/usr/lib/os-release', '/host/etc/os-release'];

function firstText(paths: readonly string[]): string | null {
  const path = paths.find((candidate) => existsSync(candidate));
  return path === undefined ? null : readFileSync(path, 'utf8');
}

serve({
  info() {
    const processors = cpus();
    const [oneMinute = 0, fiveMinutes = 0, fifteenMinutes = 0] = loadavg();
    return {
      hostname: firstText(HOSTNAME_FILES)?.trim() || null,
      kernel: { name: type(), release: release(), version: version(), machine: machine() },
      distribution: readDistribution(firstText(DISTRIBUTION_FILES) ?? ''),
      uptime_seconds: uptime(),
      load: [oneMinute, fiveMinutes, fifteenMinutes],
      memory: { total_bytes: totalmem(), available_bytes: freemem() },
      cpu: { count: processors.length, model: processors[0]?.model.trim() || null },
    };
  },
});
