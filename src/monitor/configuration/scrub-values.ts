import type { ConfigurationError } from '../../shared/configuration/configuration-error.ts';
import type { Settings } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import { readSecret } from '../launch/secrets.ts';

/** A secret that is masked in all outputs. */
export interface ScrubValue {
  readonly name: string;
  readonly value: Uint8Array;
}

/**
 * Reads the values that the settings list, as drivers' secrets are read.
 * @throws ConfigurationError where one is missing, untrusted or out of bounds; the value is not quoted
 */
export function readScrubValues({ value: { scrub }, fail }: ReadFile<Settings>): readonly ScrubValue[] {
  return scrub.values.map(({ name, file }, at) => {
    try {
      return { name, value: readSecret({ name, file }) };
    } catch (error) {
      throw refusal(error, (why) => fail(['scrub', 'values', `${at}`, 'file'], why));
    }
  });
}

function refusal(error: unknown, failure: (why: string) => ConfigurationError): unknown {
  return error instanceof Error ? failure(error.message) : error;
}
