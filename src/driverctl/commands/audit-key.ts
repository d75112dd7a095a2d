import { openSealReader, type SealReader } from '../../shared/audit/seals/read-seals.ts';
import { fingerprintOf, keyText, type VerificationKey } from '../../shared/audit/seals/verification-key.ts';
import { sealsPath } from '../../shared/audit/segments.ts';
import { auditLogPath } from '../audit/places.ts';
import { wholeNumber } from '../command-line.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';

const LARGEST_EPOCH = 999_999_999_999_999;

/**
 * `driverctl audit key`: the public key of an epoch's seal, to be kept elsewhere: the first one, unless another is asked
 * for. Returns the exit status. Throws `Failure`: (tampered) where the seals up to it are not a chain.
 */
export function printAuditKey(invocation: Invocation): number {
  const { options, stdout } = invocation;
  if (options.epoch !== undefined && options.current === true) {
    throw new Failure('usage', 'Cannot print the key: --epoch and --current ask for two');
  }
  const path = sealsPath(auditLogPath(invocation));
  const wanted =
    options.current === true ? null : wholeNumber(options.epoch ?? '1', '--epoch', 1, LARGEST_EPOCH);
  const key = readKey(path, wanted);
  // One line, also in a pipe: it is to be kept as it stands.
  const json = { epoch: key.epoch, key: key.key.toString('base64'), fingerprint: fingerprintOf(key.key) };
  stdout.write(`${options.json === true ? JSON.stringify(json) : keyText(key)}\n`);
  return exitCodes.ok.status;
}

function readKey(path: string, wanted: number | null): VerificationKey {
  const seals = open(path);
  try {
    return findKey(seals, path, wanted);
  } finally {
    seals.close();
  }
}

function open(path: string): SealReader {
  let seals: SealReader | null;
  try {
    seals = openSealReader(path, []);
  } catch (error) {
    throw new Failure('other', `Cannot print the key: ${path} cannot be opened: ${reasonOf(error)}`);
  }
  if (seals === null) throw new Failure('other', `Cannot print the key: there are no seals at ${path}`);
  return seals;
}

/** @param wanted null: the key of the epoch that is open */
function findKey(seals: SealReader, path: string, wanted: number | null): VerificationKey {
  for (let seal = seals.next(); seal !== null; seal = seals.next()) {
    if (seal.epoch === wanted) return { epoch: seal.epoch, key: seal.key };
  }
  const { last, problem } = seals;
  if (problem !== null) {
    const { epoch, line, what, detail } = problem;
    throw new Failure(
      'tampered',
      `Cannot print the key: the seal of epoch ${epoch} in ${path} (line ${line}) is bad: ${what}: ${detail}`,
    );
  }
  if (last === null) throw new Failure('other', `Cannot print the key: no seal was made yet in ${path}`);
  if (wanted === null || wanted === last.epoch + 1) return { epoch: last.epoch + 1, key: last.next };
  throw new Failure('other', `Cannot print the key: the seals in ${path} end with epoch ${last.epoch}`);
}
