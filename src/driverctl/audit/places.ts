import { join } from 'node:path';
import { HEAD_NOTE_FILE } from '../../shared/audit/head-note.ts';
import type { Invocation } from '../invocation.ts';

const DEFAULT_LOG = '/var/log/driverd/audit.jsonl';
const DEFAULT_STATE = '/var/lib/driverd';

type Place = Pick<Invocation, 'options' | 'environment'>;

/** The audit log: `--log`, then `$DRIVERD_LOG`, then the packaged place. An empty variable counts as unset. */
export function auditLogPath({ options, environment }: Place): string {
  return options.log ?? (environment['DRIVERD_LOG'] || DEFAULT_LOG);
}

/** The daemon's state folder: `--state`, then `$DRIVERD_STATE`, then the packaged one. */
export function stateFolder({ options, environment }: Place): string {
  return options.state ?? (environment['DRIVERD_STATE'] || DEFAULT_STATE);
}

/** The monitor's note of the head, in the state folder. */
export function headNotePath(place: Place): string {
  return join(stateFolder(place), HEAD_NOTE_FILE);
}
