import { profilesKnow } from './measured-daemon.ts';

/** The setting of profiles that a way of starting drivers needs. */
export type Way = 'prestart' | 'mode';

export const NATIVE = 'version: 1\n';
export const READING_NATIVE = 'version: 1\ndriver: native\nlimits: { output_bytes: 33554432 }\nREADS_TEXTS\n';
export const PRESTARTED = 'version: 1\ndriver: native\nprestart: 8\n';
export const PRESTARTED_SPEAKING = 'version: 1\ndriver: speaking\nprestart: 8\n';
export const PERSISTENT =
  'version: 1\nmode: persistent\npersistent: { processes: 1, max_concurrency: 1024 }\nlimits: { output_bytes: 1073741824 }\nREADS_TEXTS\n';

/** Why this build cannot do it; null where it can. */
export function notSupported(way: Way): string | null {
  return profilesKnow(way) ? null : 'not supported by this build';
}
