// Writes the table of README that is made of bench/results.json: `node scripts/generate-measurements.ts`.
import { readFileSync, writeFileSync } from 'node:fs';
import { isMet, type Measurement } from '../bench/calls/measurement.ts';
import { type Results, readResults } from '../bench/calls/results-file.ts';
import { cell, replacePart } from './document-parts.ts';

const readme = new URL('../README.md', import.meta.url);

/** A README with its table of measurements as the results say. */
export function renderMeasurements(text: string, results: Results): string {
  return replacePart(text, 'measurements', 'generate-measurements.ts', renderTable(results));
}

function renderTable({ date, command, machine, rows }: Results): string {
  const { processor, processors, memory_gib, load_before, arch, kernel, node, user } = machine;
  return `\`${command}\`, run by ${user} on ${date}: ${processors} × ${processor} (${arch}), ${memory_gib} GiB, Linux ${kernel}, Node ${node}; load average before the run ${load_before}. Each number is a median, with the p99 in brackets; both sides ran in turn, in the same run. For driverd schema, policy, scrubber, sandbox and the durable audit log are on; the others do none of that.

| what | driverd | beside it | ratio | asked for |
| --- | --- | --- | --- | --- |
${rows.map(tableRow).join('\n')}
`;
}

function tableRow(row: Measurement): string {
  const { what, name, ours, ours_p99, peer, peer_p99, peer_name, unit, ratio, note } = row;
  const beside =
    peer_name === null ? '' : `${value(peer, peer_p99, unit)}${peer === null ? '' : ': '}${peer_name}`;
  const said = note === undefined ? '' : ` (${note})`;
  const cells = [
    `${what}${said} \`${name}\``,
    ours === null ? 'not measured' : value(ours, ours_p99, unit),
    ...[beside, ratio === null ? '' : String(ratio), asked(row)],
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

function value(median: number | null, p99: number | null, unit: string): string {
  return median === null ? '' : `${median}${p99 === null ? '' : ` (${p99})`} ${unit}`;
}

function asked(row: Measurement): string {
  const { aim, better, judged, unit } = row;
  if (aim === null) return '';
  const met = isMet(row);
  const limit = `${aim}${judged === 'ours' ? ` ${unit}` : ''} at ${better === 'less' ? 'most' : 'least'}`;
  return met === null ? limit : `${limit}: ${met ? 'yes' : '**no**'}`;
}

if (import.meta.main) writeFileSync(readme, renderMeasurements(readFileSync(readme, 'utf8'), readResults()));
