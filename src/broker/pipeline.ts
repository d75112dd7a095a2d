import { admit } from './admit/admit.ts';
import { checkStream } from './admit/check-stream.ts';
import { closeRecord, recordRefusal } from './audit/records.ts';
import { authorise } from './authorise/authorise.ts';
import { checkCallable } from './authorise/check-callable.ts';
import type { Finished, Received, Refused } from './call.ts';
import { failure, run } from './launch/run.ts';
import { type Begun, begin, release } from './pool/begin.ts';
import { type Reply, respond, respondToRefusal } from './respond/respond.ts';
import type { Services } from './services.ts';
import { validate } from './validate/validate.ts';

/**
 * The path of a call, from the first checked envelope to its reply (ARCHITECTURE.md, "The life of a call").
 *
 * Each stage gives a new type or its one error exit; every exit leaves exactly one outcome record, which is
 * written before the reply (invariant 11). Null: a notification, which has no reply.
 */
export async function answer(received: Received, services: Services): Promise<Reply | null> {
  const callable = checkCallable(received);
  if (callable.stage === 'refused') return refused(received, callable, services);
  const valid = validate(callable);
  if (valid.stage === 'refused') return refused(received, valid, services);
  const authorised = authorise(valid);
  if (authorised.stage === 'refused') return refused(received, authorised, services);
  const unstreamable = checkStream(authorised);
  if (unstreamable !== null) return refused(received, unstreamable, services);
  const admitting = admit(authorised, services);
  // To wait for what is there already would cost a turn of the queue of each call.
  const admitted = admitting instanceof Promise ? await admitting : admitting;
  if (admitted.stage === 'refused') return refused(received, admitted, services);
  let begun: Begun | null = null;
  try {
    const placed = await begin(admitted, services);
    if ('stage' in placed) return await refused(received, placed, services);
    begun = placed;
    // Intent and launch leave together, or the intent names one that runs; hand-over waits for both, the reply for the outcome.
    const finished: Finished = {
      ...admitted,
      stage: 'finished',
      run: await run(admitted, begun, services),
    };
    const isRecorded = await closeRecord(finished, begun.source.intent, services);
    return respond(isRecorded ? finished : unrecorded(finished));
  } finally {
    admitted.release();
    release(admitted, begun, services);
  }
}

/** What came of it may not be said. */
function unrecorded(finished: Finished): Finished {
  return { ...finished, run: { ...finished.run, answer: failure('outcome-unrecorded') } };
}

async function refused(received: Received, exit: Refused, services: Services): Promise<Reply | null> {
  await recordRefusal(received, exit, services);
  return respondToRefusal(received, exit);
}
