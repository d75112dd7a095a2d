// `npm run bench` measures the table of README and writes it there; `npm run bench -- NAME` measures one part, whose rows are
// printed and kept in bench/results, or prints one section of the table; `npm run bench -- all` measures everything.
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { build, distIsStale } from '../scripts/build.ts';
import { generateAll } from '../scripts/generate.ts';
import { benchAudit } from './audit.ts';
import { benchAuditLooking } from './audit-looking.ts';
import { measureTable } from './calls/measure-table.ts';
import { SECTIONS } from './calls/table.ts';
import { benchLaunch } from './launch.ts';
import type { Figure, Row } from './pairs.ts';
import { benchPolicy } from './policy.ts';
import { benchScrub } from './scrub.ts';

const TABLE = 'calls';
const ALL = 'all';
const parts: Readonly<Record<string, () => Promise<readonly (Row | Figure)[]>>> = {
  launch: benchLaunch,
  audit: benchAudit,
  'audit-looking': benchAuditLooking,
  scrub: benchScrub,
  policy: benchPolicy,
};
const results = new URL('./results/', import.meta.url);

async function measurePart(name: string, measure: () => Promise<readonly (Row | Figure)[]>): Promise<void> {
  const rows = await measure();
  // Rows with a peer and numbers by themselves have other columns.
  for (const alike of Map.groupBy(rows, (row) => 'peer' in row).values()) console.table(alike);
  const machine = { node: process.version, kernel: release(), arch: arch(), cpus: cpus().length };
  mkdirSync(results, { recursive: true });
  writeFileSync(new URL(`${name}.json`, results), `${JSON.stringify({ machine, rows }, null, 2)}\n`);
}

function readArguments(): { readonly name: string; readonly quick: boolean } | null {
  const names = [TABLE, ALL, ...Object.keys(parts), ...Object.keys(SECTIONS)];
  try {
    const { values, positionals } = parseArgs({
      options: { quick: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [name = TABLE, ...others] = positionals;
    if (others.length === 0 && names.includes(name)) return { name, quick: values.quick };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  console.error(
    `Cannot measure: name one of ${names.join(', ')}, or nothing for the table; --quick is short`,
  );
  return null;
}

/** What is measured is the compiled daemon. */
function daemonIsBuilt(): boolean {
  if (!distIsStale()) return true;
  const { built, messages } = build();
  process.stdout.write(messages);
  return built;
}

const asked = readArguments();
if (asked === null) process.exitCode = 2;
else if (!daemonIsBuilt()) process.exitCode = 1;
else {
  const { name, quick } = asked;
  if (Object.hasOwn(SECTIONS, name)) await measureTable(quick, [name]);
  if (name === TABLE || name === ALL) await measureTable(quick);
  for (const [part, measure] of Object.entries(parts))
    if (name === part || name === ALL) await measurePart(part, measure);
  // The documents show what was measured last.
  if (!Object.hasOwn(SECTIONS, name)) generateAll();
}
process.exit();
