/** How often a time that looks too long is measured again: a busy machine disturbs some. */
const ROUNDS_AT_MOST = 40;
/** A loop over so many bytes is the measure. */
const MEASURE_BYTES = 1_000_000;
const MEASURE_ROUNDS = 20;

const bytes = Buffer.alloc(MEASURE_BYTES, 'measure');
/** What a look at each byte costs, which is the least that any work on them does: the best that was seen so far. */
let perByte = Infinity;

/** In microseconds of the processor's time, so that what else runs on the machine does not count. */
function timeOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function lookAtEach(): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 1) sum = (Math.imul(sum, 31) + (bytes[at] ?? 0)) | 0;
  return sum;
}

function measureLoop(): void {
  perByte = Math.min(perByte, timeOf(lookAtEach) / MEASURE_BYTES);
}

/**
 * How many times as long as one look at each of so many bytes the work takes: the best of some runs, measured again as
 * long as it is over the bound.
 */
export function byteLoops(length: number, bound: number, work: () => void): number {
  if (perByte === Infinity) for (let round = 0; round < MEASURE_ROUNDS; round += 1) measureLoop();
  let best = Infinity;
  for (let round = 0; round < ROUNDS_AT_MOST; round += 1) {
    best = Math.min(best, timeOf(work) / length);
    if (best / perByte <= bound) break;
    measureLoop();
  }
  return best / perByte;
}
