import { loadMethods, type Method } from '../../../src/broker/catalogue/catalogue.ts';
import { configureScrub } from '../../../src/broker/configuration/configured-scrub.ts';
import { createScrubber, type Scrubber } from '../../../src/broker/scrub/scrubber.ts';
import { parseProfile } from '../../../src/shared/configuration/profile.ts';
import { readSettings } from '../../../src/shared/configuration/settings.ts';

export const SECRET = 'swordfish-swordfish';
const settings = readSettings('/c/driverd.yaml', Buffer.from('version: 1\n'));
export const { limits } = settings.value;
/** What a configuration has that says nothing of scrubbing. */
export const scrub = configureScrub(settings, []);

export function scrubber(value = SECRET): Scrubber {
  return createScrubber([{ name: 'token', value: Buffer.from(value) }]);
}

/** A driver's one method; `lines` are added to it. */
export function loadMethod(kind: 'command' | 'jsonrpc', lines: string, profile = ''): Method {
  const program = kind === 'command' ? 'executable: /usr/bin/true' : 'node: x.ts';
  const [method] = loadMethods(
    'tool',
    parseProfile('/c/tool.yaml', Buffer.from(`version: 1\n${profile}`)).value,
    '/d/tool/driver.yaml',
    Buffer.from(
      `version: 1\nname: tool\nkind: ${kind}\nprogram: { ${program} }\nmethods:\n  run:\n    params: { type: object, additionalProperties: false }\n${lines}`,
    ),
  );
  if (method === undefined) throw new Error('Cannot load the method: the manifest has none');
  return method;
}
