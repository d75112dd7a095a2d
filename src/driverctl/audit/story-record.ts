import { type RecordView, viewRecord, wrongWithLine } from './record-view.ts';

/** A record of a call's story. */
export interface StoryRecord {
  readonly seq: number;
  readonly view: RecordView;
  /** Why the line is not what driverd has written; null: it may be. */
  readonly wrong: string | null;
}

/**
 * null: the line is no record, or has no number.
 * @param view what `viewRecord` gives for the line
 */
export function storyRecord(line: Buffer, view = viewRecord(line)): StoryRecord | null {
  if (view === null || view.seq === null) return null;
  return { seq: view.seq, view, wrong: wrongWithLine(line) };
}
