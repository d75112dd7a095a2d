import type { JsonObject } from '../../shared/json-value.ts';
import type { Admitted } from '../call.ts';
import type { Method } from '../catalogue/catalogue.ts';
import { keeperOf } from '../launch/converse.ts';
import { type LaunchScrubber, scrubLaunch } from '../launch/launch-scrubber.ts';
import { readLog, readProgress } from '../launch/notifications.ts';
import { type ProgressPace, paceProgress } from '../launch/progress-pace.ts';
import { hearSpeech, type Speech } from '../launch/speech.ts';
import type { LaunchGrant } from '../monitor-link.ts';
import type { KnownValues } from '../scrub/known-values.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import type { Services } from '../services.ts';

/**
 * What a call in a persistent process needs beside an answer in which nothing can be a secret: its scrubber, and its
 * progress and messages on their way. Most calls need none of it, so it is made for those that do.
 */
export interface BesideAnswer {
  readonly scrubber: LaunchScrubber;
  notification(name: string, params: JsonObject): void;
  /** The answer is there: what waits is sent and kept, and counted. */
  end(): Promise<void>;
}

/** @param known the values to look for, those of the process with them */
export function hearBesideAnswer(
  handOver: { readonly admitted: Admitted; readonly method: Method; readonly grant: LaunchGrant },
  known: KnownValues,
  services: Services,
): BesideAnswer {
  const { admitted, method } = handOver;
  const { requestId: request, session, generation } = admitted;
  const { progressToken } = admitted.metadata;
  const guarded = (one: Scrubber): LaunchScrubber =>
    scrubLaunch(one, (error) =>
      services.log.error({ request, error }, 'output of a driver could not be scrubbed: it was dropped'),
    );
  const scrubber = guarded(
    generation.scrub.scrubber(
      known,
      (rule) =>
        services.log.warn(
          { request, profile: method.profile, rule },
          'a scrub rule took too long: the line is masked whole, and the rule is off for the rest of the call',
        ),
      services.linesBeside,
    ),
  );
  const pace: ProgressPace | null =
    progressToken === undefined
      ? null
      : paceProgress((progress, isLast) =>
          session.notify('rpc.progress', { progressToken, ...progress }, isLast),
        );
  let speech: Speech | null = null;

  return {
    scrubber,
    notification(name, params) {
      if (name === 'progress' && pace !== null) {
        const progress = readProgress(params, scrubber);
        if (progress !== null) pace.report(progress);
      }
      const log = name === 'log' ? readLog(params) : null;
      if (log === null) return;
      speech ??= hearSpeech(scrubber, 0, keeperOf(handOver, services, guarded));
      speech.message(log.level, log.message);
    },
    async end() {
      pace?.end();
      if (speech === null) return;
      await speech.end(false);
      for (const counts of speech.counts) scrubber.count(counts);
    },
  };
}
