import { admit } from './admit/admit.ts';
import { checkStream } from './admit/check-stream.ts';
import { closeRecord, openRecord, recordRefusal } from './audit/records.ts';
import { authorise } from './authorise/authorise.ts';
import { checkCallable } from './authorise/check-callable.ts';
import type { Admitted, Finished, Received, Refused } from './call.ts';
import { failure, run } from './launch/run.ts';
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
  const admitted = await admit(authorised, services);
  if (admitted.stage === 'refused') return refused(received, admitted, services);
  try {
    const finished = await perform(admitted, services);
    return respond(finished);
  } finally {
    admitted.release();
  }
}

/** Intent and launch leave together; hand-over waits for both (DESIGN: an outcome is durable before the reply). */
async function perform(admitted: Admitted, services: Services): Promise<Finished> {
  const intent = openRecord(admitted, services);
  const finished: Finished = {
    ...admitted,
    stage: 'finished',
    run: await run(admitted, intent, services),
  };
  if (await closeRecord(finished, intent, services)) return finished;
  return { ...finished, run: { ...finished.run, answer: failure('outcome-unrecorded') } };
}

async function refused(received: Received, exit: Refused, services: Services): Promise<Reply | null> {
  await recordRefusal(received, exit, services);
  return respondToRefusal(received, exit);
}
