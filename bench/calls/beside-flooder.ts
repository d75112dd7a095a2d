import { measureFairness } from '../fairness.ts';
import type { Effort } from './effort.ts';
import { compared, type Measurement, type Question, unmeasured } from './measurement.ts';

const QUESTION: Question = {
  ...{ name: 'polite_beside_flooder_p99', what: 'p99 of a polite caller’s cold calls beside a flooder' },
  ...{ peer_name: 'the same caller alone', unit: 'ms', better: 'less', aim: 2 },
};

/** How long one caller waits while another floods. */
export async function measureBesideFlooder(effort: Effort): Promise<readonly Measurement[]> {
  if (process.geteuid?.() !== 0) return [unmeasured(QUESTION, 'only root can be two users')];
  const { ours, peer, runs, note } = await measureFairness(effort.isQuick ? 1 : undefined);
  return [{ ...compared({ ...QUESTION, ...(note ? { note } : {}) }, [ours], [peer]), runs }];
}
