import { QUICK, THOROUGH } from './effort.ts';
import { isMet, type Measurement } from './measurement.ts';
import { loadNow, writeResults } from './results-file.ts';
import { SECTIONS } from './table.ts';

const MILLISECONDS = 1_000;

/**
 * Measures the table of README, prints it as it grows and writes bench/results.json.
 *
 * @param sections some of the table's: they are printed, and nothing is written, since the file is one run
 */
export async function measureTable(isQuick: boolean, sections: readonly string[] = []): Promise<void> {
  const effort = isQuick ? QUICK : THOROUGH;
  const loadBefore = loadNow();
  const rows: Measurement[] = [];
  for (const [name, measure] of Object.entries(SECTIONS)) {
    if (sections.length > 0 && !sections.includes(name)) continue;
    const started = performance.now();
    const measured = await measure(effort);
    console.table(measured.map(shown));
    console.log(`${name}: ${Math.round((performance.now() - started) / MILLISECONDS)} s`);
    rows.push(...measured);
  }
  if (sections.length === 0) writeResults(effort, rows, loadBefore);
}

function shown(row: Measurement): object {
  const { name, ours, ours_p99, peer, peer_p99, peer_name, unit, ratio, aim, note } = row;
  return { name, ours, ours_p99, peer, peer_p99, unit, ratio, aim, met: isMet(row), peer_name, note };
}
