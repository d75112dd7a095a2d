import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { declaredError, type Params, serve } from 'driverd/sdk';
import { parseTargets, type Targets } from './targets.ts';

const PERL = '/usr/bin/perl';
/** The manifest's defaults. */
const DEFAULT_COUNT = 1;
const DEFAULT_WAIT_MS = 1_000;

const run = promisify(execFile);

async function send(params: Params) {
  const target = String(params['target']);
  const count = typeof params['count'] === 'number' ? params['count'] : DEFAULT_COUNT;
  const waitMs = typeof params['wait_ms'] === 'number' ? params['wait_ms'] : DEFAULT_WAIT_MS;
  // From the profile, which no caller can reach.
  const targets = parseTargets(process.env['PING_TARGETS'] ?? '');
  if (targets === null) throw declaredError('no_targets');
  const address = await allowedAddress(target, targets);
  const script = join(import.meta.dirname, 'echo.pl');
  const { stdout } = await run(PERL, [script, address, String(count), String(waitMs)], { env: {} });
  const told: { unreachable?: true; sent: number; times: number[] } = JSON.parse(stdout);
  if (told.unreachable === true) throw declaredError('unreachable', { target });
  return {
    target,
    address,
    sent: told.sent,
    received: told.times.length,
    round_trip_ms: summary(told.times),
  };
}

async function allowedAddress(target: string, targets: Targets): Promise<string> {
  if (isIP(target) !== 0 ? targets.hasAddress(target) : targets.hasName(target)) return resolve(target);
  throw declaredError('target_not_allowed', { target });
}

async function resolve(target: string): Promise<string> {
  if (isIP(target) !== 0) return target;
  try {
    return (await lookup(target)).address;
  } catch {
    throw declaredError('not_found', { target });
  }
}

function summary(times: readonly number[]) {
  if (times.length === 0) return null;
  const average = times.reduce((sum, time) => sum + time, 0) / times.length;
  return { minimum: Math.min(...times), average: Number(average.toFixed(3)), maximum: Math.max(...times) };
}

serve({ send });
