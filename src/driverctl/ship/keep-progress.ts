import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../failure.ts';
import type { Progress } from './flight.ts';
import type { PositionFile } from './position-file.ts';

/** A kill costs at most so many milliseconds of records sent once more. */
export const SAVE_EVERY_MS = 1_000;

/** Keeps the progress on disk, without holding up what makes it. */
export interface ProgressKeeper {
  readonly progress: Progress;
  update(progress: Progress): void;
  /** Has the last progress on disk, if that can be done. Never rejects. */
  finish(): Promise<void>;
}

/** @param report is told once for each reason why the position cannot be written; shipping goes on, and so does trying */
export function keepProgress(file: PositionFile, report: (line: string) => void): ProgressKeeper {
  let { progress } = file;
  let saved = progress;
  let saving: Promise<void> | null = null;
  let told: string | null = null;
  const finishing = new AbortController();

  async function save(): Promise<void> {
    const current = progress;
    try {
      await file.save(current);
      saved = current;
      told = null;
    } catch (error) {
      const why = reasonOf(error);
      if (why !== told) report(`Cannot write the position: ${why}; trying again`);
      told = why;
    }
  }

  async function saveUntilSaved(): Promise<void> {
    while (saved !== progress && !finishing.signal.aborted) {
      await sleep(SAVE_EVERY_MS, undefined, { signal: finishing.signal }).catch(() => undefined);
      if (!finishing.signal.aborted) await save();
    }
    saving = null;
  }

  return {
    get progress() {
      return progress;
    },
    update(next) {
      progress = next;
      if (progress !== saved) saving ??= saveUntilSaved();
    },
    async finish() {
      finishing.abort();
      await saving;
      if (saved !== progress) await save();
    },
  };
}
