import type { Chain, ChainProblem } from './chain.ts';
import type { Head } from './head-note.ts';
import type { LogLine } from './lines.ts';
import { hashOfLine, type RecordLink, readLink } from './record.ts';

type Finding = Pick<ChainProblem, 'seq' | 'file' | 'line' | 'what' | 'detail'>;
/** Reads the lines from the break on, in this file and the later ones. `take` says whether to go on. */
type ReadLater = (take: (line: LogLine) => boolean) => Promise<void>;

/**
 * Says which record a break in the chain is about. A break shows between two records: which of them is wrong is told
 * by what follows, since each genuine record is vouched for by the next, and the last by the head note.
 *
 * @param standing the last record, as the head note knows it; null where that is not known
 */
export async function diagnose(
  chain: Chain,
  problem: ChainProblem,
  standing: Head | null,
  readLater: ReadLater,
): Promise<Finding> {
  const { found } = problem;
  if (found === null) return problem;
  const earlier = { seq: problem.seq - 1, file: chain.file, line: chain.line };
  if (found.seq === problem.seq - 1 && found.hash !== chain.head.hash && found.prev === chain.before.hash) {
    return {
      ...earlier,
      what: 'appended',
      detail: 'it was written by another program: the true record follows it',
    };
  }
  if (found.seq > problem.seq) {
    const later = await findLater(readLater, (link) => link.seq === problem.seq);
    return later
      ? { ...problem, what: 'reordered', detail: `it stands behind record ${found.seq}` }
      : problem;
  }
  if (found.seq < problem.seq || found.prev === chain.head.hash || problem.seq === 1) return problem;
  const vouched =
    found.hash === standing?.hash || (await findLater(readLater, (link) => link.prev === found.hash));
  if (!vouched) return problem;
  return {
    ...earlier,
    what: 'edited',
    detail: 'it was changed and hashed anew: the record after it does not know it',
  };
}

async function findLater(readLater: ReadLater, matches: (link: RecordLink) => boolean): Promise<boolean> {
  let result = false;
  await readLater((line) => {
    const link = readLink(line.bytes);
    result = link !== null && matches(link) && hashOfLine(line.bytes) === link.hash;
    return !result;
  });
  return result;
}
