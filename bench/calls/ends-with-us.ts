import type { ChildProcess } from 'node:child_process';

const started = new Set<ChildProcess>();

/** A measurement that fails leaves no daemon behind. */
export function endsWithUs(child: ChildProcess): void {
  started.add(child);
  child.once('exit', () => started.delete(child));
}

process.once('exit', () => {
  for (const child of started) child.kill('SIGTERM');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
