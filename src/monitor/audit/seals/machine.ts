import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorCode } from '../unavailable.ts';

const MACHINE_ID = '/etc/machine-id';
/** What tells driverd's id of a machine from any other program's, and from the machine's own, which it does not show. */
const APPLICATION = Buffer.from('9ab67fd7e91c4df2a5c05b2d7c1e80f3', 'hex');
const UUID_BYTES = 16;

/**
 * What keys are bound to: driverd's own id of this machine, or null where the host has none (machine-id(5): no file, an
 * empty one, "uninitialized"). Throws what reading does.
 */
export function readMachine(): string | null {
  try {
    const text = readFileSync(MACHINE_ID, 'latin1').trim();
    return /^[0-9a-f]{32}$/.test(text) && !/^0*$/.test(text) ? applicationId(text) : null;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** HMAC-SHA-256 of the application under the machine's id, as a UUID of version 4: sd_id128_get_machine_app_specific(3). */
export function applicationId(machineId: string, application: Buffer = APPLICATION): string {
  const digest = createHmac('sha256', Buffer.from(machineId, 'hex')).update(application).digest();
  const id = digest.subarray(0, UUID_BYTES);
  id.writeUInt8((id.readUInt8(6) & 0x0f) | 0x40, 6);
  id.writeUInt8((id.readUInt8(8) & 0x3f) | 0x80, 8);
  return id.toString('hex');
}
