import { refusePath } from './paths.ts';
import type { Settings } from './types.generated.ts';
import { settings } from './validators.generated.js';
import { type ReadFile, readYaml } from './yaml.ts';

const KNOWN_KEYS = [
  ...[
    'version',
    'development',
    'socket',
    'path',
    'group',
    'mode',
    'driver_paths',
    'identities',
    'first',
    'last',
  ],
  ...['broker_user', 'uid', 'gid', 'trusted_group', 'audit', 'durability', 'log_level', 'drain_ms', 'limits'],
  ...[
    'message_bytes',
    'message_ms',
    'nesting_depth',
    'keys',
    'batch_length',
    'in_flight',
    'in_flight_per_connection',
  ],
  ...[
    'in_flight_per_identity',
    'connections',
    'connections_per_identity',
    'connections_per_second',
    'reply_buffer_bytes',
    'stream_stall_ms',
    'launches',
  ],
  ...['launches_per_second', 'audit_records_per_second', 'audit_bytes_per_second', 'stderr_tail_bytes'],
  ...['params_key_days', 'watch_ms', 'repeated_denials', 'repeated_denials_ms'],
  ...['rotate_bytes', 'rotate_hours', 'compress', 'retention', 'max_bytes', 'max_days', 'min_days'],
  ...['low_water_bytes', 'reserve_bytes'],
  ...['roles', 'users', 'groups', 'units', 'limit_overrides', 'drivers', 'methods'],
  ...['in_flight_per_driver', 'queued_per_identity', 'queued_per_driver', 'queued', 'queue_ms'],
  ...['calls_per_minute', 'destructive_calls_per_minute'],
  ...['driver_log_ring_bytes', 'driver_log_bytes_per_minute'],
  ...['scrub', 'rules', 'id', 'keywords', 'pattern', 'minimum_entropy', 'allow', 'examples', 'text'],
  ...['values', 'name', 'file'],
];

/** Reads driverd.yaml. Throws `ConfigurationError`. */
export function parseSettings(file: string, bytes: Uint8Array): Settings {
  return readSettings(file, bytes).value;
}

/** Reads driverd.yaml, for who has more to check in it; the patterns in it are not looked into. Throws `ConfigurationError`. */
export function readSettings(file: string, bytes: Uint8Array): ReadFile<Settings> {
  const read = readYaml(file, bytes, settings, KNOWN_KEYS);
  const { value, fail } = read;
  if (value.identities.last <= value.identities.first)
    throw fail(['identities', 'last'], 'must be above first');
  const { max_days, min_days } = value.audit.retention;
  if (max_days !== null && max_days < min_days)
    throw fail(['audit', 'retention', 'max_days'], 'must not be below min_days');
  refuseRepeated(
    value.scrub.rules.map(({ id }) => id),
    (at, id) => fail(['scrub', 'rules', `${at}`, 'id'], `there are two rules ${id}`),
  );
  refuseRepeated(
    value.scrub.values.map(({ name }) => name),
    (at, name) => fail(['scrub', 'values', `${at}`, 'name'], `there are two values ${name}`),
  );
  for (const [at, { file: path }] of value.scrub.values.entries()) {
    const why = refusePath(path);
    if (why !== null) throw fail(['scrub', 'values', `${at}`, 'file'], why);
  }
  return read;
}

function refuseRepeated(names: readonly string[], failure: (at: number, name: string) => Error): void {
  for (const [at, name] of names.entries()) if (names.indexOf(name) < at) throw failure(at, name);
}
