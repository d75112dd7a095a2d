import type { LogLine } from '../../../src/shared/audit/lines.ts';
import { openSegment } from '../../../src/shared/audit/segment-file.ts';
import type { Segment } from '../../../src/shared/audit/segments.ts';

/** The lines of a whole segment. `take` says whether to go on. */
export async function readSegment(segment: Segment, take: (line: LogLine) => boolean): Promise<void> {
  const file = await openSegment(segment);
  if (file === null) throw new Error(`there is no ${segment.path}`);
  await file.read(0, Number.POSITIVE_INFINITY, take).finally(() => file.close());
}
