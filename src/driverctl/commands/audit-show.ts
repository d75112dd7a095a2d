import { hostAccounts } from '../audit/accounts.ts';
import { type CallStory, findStory, hasEnd } from '../audit/call-story.ts';
import { requestId } from '../audit/filters.ts';
import { logFailure } from '../audit/log-failure.ts';
import { auditLogPath } from '../audit/places.ts';
import { storyText } from '../audit/story-text.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';
import { printWarning } from '../print/warning.ts';

/**
 * `driverctl audit show`: one call's whole story. Returns the exit status.
 * Throws `Failure` (other) where no record names the request.
 */
export async function showCall(invocation: Invocation): Promise<number> {
  const { operands, stdout, stderr } = invocation;
  const [operand] = operands;
  if (operand === undefined) throw new Failure('usage', 'Cannot show a call: the request id is missing');
  const id = requestId('the request id', operand);
  const path = auditLogPath(invocation);
  const story = await storyOf(path, id);
  for (const { path: file, why } of story.damage) printWarning(stderr, `Cannot read ${file}: ${why}`);
  if (story.records.length === 0 && story.foreign.length === 0)
    throw new Failure('other', `Cannot show ${id}: no record in ${path} or its earlier segments names it`);
  const json = {
    request_id: id,
    ended: hasEnd(story),
    records: story.records.map(({ view, wrong }) => ({ record: view.json, wrong })),
    foreign: story.foreign.map((line) => line.toString()),
    cut: story.isCut,
  };
  printReport(invocation, { json, human: () => storyText(id, story, hostAccounts(), stdout.columns) });
  return (story.damage.length === 0 ? exitCodes.ok : exitCodes.other).status;
}

async function storyOf(path: string, id: string): Promise<CallStory> {
  try {
    return await findStory(path, id);
  } catch (error) {
    throw logFailure(path, error);
  }
}
