/** Why a launch was refused; nothing of the host stands in it. */
export const LAUNCH_REFUSALS = [
  'unknown-profile',
  'unknown-session',
  'peer-gone',
  'stale-generation',
  'too-many-launches',
  'too-many-launches-per-second',
  'audit-unavailable',
  'sandbox-failed',
  'isolation-differs',
  'secret-missing',
  'no-intent',
  'not-pooled',
  'pool-full',
  'paused',
  'draining',
] as const;
export type LaunchRefusal = (typeof LAUNCH_REFUSALS)[number];

/** How a launch ended, as the monitor saw it. */
export const LAUNCH_ENDS = [
  'exit',
  'wall-limit',
  'memory-limit',
  'process-limit',
  'asked',
  'broker-ended',
  'untaken',
  'stopping',
  'retired',
] as const;
export type LaunchEnd = (typeof LAUNCH_ENDS)[number];
