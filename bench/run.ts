// `npm run bench` measures everything, `npm run bench -- NAME` one part; rows are printed and kept in bench/results.
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, release } from 'node:os';
import { benchAudit } from './audit.ts';
import { benchAuditLooking } from './audit-looking.ts';
import { benchLaunch } from './launch.ts';
import type { Figure, Row } from './pairs.ts';
import { benchPolicy } from './policy.ts';
import { benchScrub } from './scrub.ts';

const parts: Readonly<Record<string, () => Promise<readonly (Row | Figure)[]>>> = {
  launch: benchLaunch,
  audit: benchAudit,
  'audit-looking': benchAuditLooking,
  scrub: benchScrub,
  policy: benchPolicy,
};
const results = new URL('./results/', import.meta.url);

const [named, ...others] = process.argv.slice(2);
if (others.length > 0 || (named !== undefined && !Object.hasOwn(parts, named))) {
  console.error(`Cannot measure: name one of ${Object.keys(parts).join(', ')}, or nothing for all`);
  process.exitCode = 2;
} else {
  for (const [name, measure] of Object.entries(parts)) {
    if (named !== undefined && name !== named) continue;
    const rows = await measure();
    // Rows with a peer and numbers by themselves have other columns.
    for (const alike of Map.groupBy(rows, (row) => 'peer' in row).values()) console.table(alike);
    const machine = { node: process.version, kernel: release(), arch: arch(), cpus: cpus().length };
    mkdirSync(results, { recursive: true });
    writeFileSync(new URL(`${name}.json`, results), `${JSON.stringify({ machine, rows }, null, 2)}\n`);
  }
}
process.exit();
