import type { TestProject } from 'vitest/node';
import { bedKinds, startBeds } from './bed.ts';
import './shared-bed.ts';

/** Runs once before all tests in beds: boots one of each kind, both at a time, and ends them after the last test. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { sockets, stop } = await startBeds(bedKinds);
  project.provide('bedSockets', sockets);
  return stop;
}
