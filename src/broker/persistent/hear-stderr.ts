import type { Log } from '../../shared/log.ts';
import type { Generation } from '../configuration/generation.ts';
import { scrubLaunch } from '../launch/launch-scrubber.ts';
import { hearSpeech } from '../launch/speech.ts';
import type { DriverLogs } from '../logs/driver-logs.ts';
import type { LaunchGrant } from '../monitor-link.ts';
import type { KeptIndexes } from '../scrub/kept-indexes.ts';

const LINE_FEED = 0x0a;

/** What a persistent process says on its stderr, for as long as it lives. */
export interface HeardStderr {
  take(chunk: Buffer): void;
  /** From here on by this configuration: its process may live long after the one that it was started with. */
  configure(generation: Generation): void;
  /** @param cut whether some of it was dropped */
  end(cut: boolean): Promise<void>;
}

interface StderrServices {
  readonly driverLogs: DriverLogs;
  readonly indexes: KeptIndexes;
  readonly log: Log;
}

/** Keeps it, scrubbed, as that of any driver, but of no call: nobody can tell whose it is, so it stands in no error either. */
export function hearStderr(
  profile: string,
  grant: LaunchGrant,
  first: Generation,
  services: StderrServices,
): HeardStderr {
  let hearing = hearUnder(profile, grant, first, services);
  /** The line that had begun under another configuration: half a secret would not be known as one. */
  let isSkipping = false;
  let isInLine = false;
  return {
    take(chunk) {
      const lineEnd = isSkipping ? chunk.indexOf(LINE_FEED) : -1;
      if (isSkipping && lineEnd < 0) return;
      isSkipping = false;
      isInLine = chunk.at(-1) !== LINE_FEED;
      hearing.take(chunk.subarray(lineEnd + 1));
    },
    configure(generation) {
      const before = hearing;
      hearing = hearUnder(profile, grant, generation, services);
      isSkipping = isInLine;
      void before.end(isInLine);
    },
    end: (cut) => hearing.end(cut || isSkipping),
  };
}

/** Where a method of the profile has params that are secret it is not kept at all, since it could hold anybody's. */
function hearUnder(
  profile: string,
  grant: LaunchGrant,
  generation: Generation,
  services: StderrServices,
): Pick<HeardStderr, 'take' | 'end'> {
  const { scrub } = generation;
  const methods = [...generation.methods.values()].filter((method) => method.profile === profile);
  const where = methods[0]?.logs ?? 'none';
  if (where === 'none' || methods.some(({ secretParams }) => secretParams.length > 0))
    return { take: () => undefined, end: () => Promise.resolve() };
  const { known, giveBack } = services.indexes.borrow([...grant.secrets, ...scrub.values]);
  const scrubber = scrubLaunch(
    scrub.scrubber(known, (rule) =>
      services.log.warn(
        { profile, rule },
        'a scrub rule took too long: it is off for the stderr of this process',
      ),
    ),
    (error) => services.log.error({ profile, error }, 'stderr could not be scrubbed: it was dropped'),
  );
  const speech = hearSpeech(scrubber, 0, {
    scrubber: null,
    keep(said, bytes) {
      const about = { ...said, time: Date.now(), launch: grant.launch, request: null };
      services.driverLogs.keep(profile, where, about, bytes);
    },
  });
  return {
    take: speech.stderr,
    async end(cut) {
      await speech.end(cut);
      giveBack();
    },
  };
}
