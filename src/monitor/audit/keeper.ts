import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { AuditFields } from '../../shared/audit/fields.ts';
import type { AuditEvent } from '../../shared/audit/record.ts';
import { compressedPath, segmentPath } from '../../shared/audit/segments.ts';
import { type Compress, removeUnfinished } from './compression.ts';
import type { AuditSettings } from './log.ts';
import { syncFolder } from './log-file.ts';
import {
  type Beginnings,
  type Choice,
  chooseRemoved,
  closedFiles,
  finishedSegments,
  type RetentionReason,
} from './retention.ts';
import { errorCode } from './unavailable.ts';

/** Looks after the closed segments: compresses them, and removes the oldest. Nothing waits for it. */
export interface Keeper {
  /** The limit that asks for removing what is too young; null: none does. */
  readonly refused: RetentionReason | null;
  /** Whether a segment could not be compressed. */
  readonly isFailing: boolean;
  /** Looks at all closed segments, or once more after the present look. */
  wake(): void;
  /** Gives up compressing until the next look: the log needs the room. */
  interrupt(): void;
  /** Begins nothing more; settles when what was under way has ended. */
  close(): Promise<void>;
}

export interface KeeperOptions {
  /** Of the file that is written to. */
  readonly path: string;
  readonly settings: () => AuditSettings;
  readonly compress: Compress;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly append: (
    event: AuditEvent,
    facts: AuditFields,
    claims: AuditFields,
    durable: boolean,
  ) => Promise<unknown>;
  /** Seals all that is written. Removed is only what a sealed record names. */
  readonly sealNow: () => Promise<void>;
  /** Whether the log can be written: else the disk's room is for that. */
  readonly isWriting: () => boolean;
  /** What it does, or why it cannot, for the operational log. */
  report(message: string, details: AuditFields): void;
  /** `refused` or `isFailing` has changed. */
  changed(): void;
}

export function keepSegments(options: KeeperOptions): Keeper {
  const { path, settings, compress, now, append, sealNow, isWriting, report, changed } = options;
  const stopping = new AbortController();
  let compressing = new AbortController();
  const beginnings: Beginnings = new Map();
  let refused: RetentionReason | null = null;
  let isFailing = false;
  let isWoken = false;
  let isCleared = false;
  let working: Promise<void> | null = null;

  function wake(): void {
    isWoken = true;
    working ??= work().finally(() => {
      working = null;
    });
  }

  async function work(): Promise<void> {
    while (isWoken && !stopping.signal.aborted) {
      isWoken = false;
      // First, so that what is kept counts by the room that it takes in the end.
      await attempt('the closed segments were not looked at', compressAll);
      await attempt('retention could not be applied', retain);
    }
  }

  /** What fails is tried again at the next look: nothing is lost by it. */
  async function attempt(message: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (!stopping.signal.aborted)
        report(message, { reason: error instanceof Error ? error.message : String(error) });
    }
  }

  async function compressAll(): Promise<void> {
    if (!isCleared) await removeUnfinished(path);
    isCleared = true;
    let failed: { readonly name: string; readonly error: unknown } | null = null;
    compressing = new AbortController();
    const signal = AbortSignal.any([compressing.signal, stopping.signal]);
    for (const { path: segment, isCompressed } of await finishedSegments(path)) {
      if (isCompressed) continue;
      if (!settings().compress || !isWriting()) return;
      try {
        await compress(segment, signal);
      } catch (error) {
        if (signal.aborted) return;
        failed ??= { name: basename(segment), error };
      }
    }
    await noteFailed(failed);
  }

  async function noteFailed(
    failed: { readonly name: string; readonly error: unknown } | null,
  ): Promise<void> {
    if (failed === null) return setFailing(false);
    const { name, error } = failed;
    const why = error instanceof Error ? error.message : String(error);
    report('a segment could not be compressed; it is tried again', { name, reason: why });
    if (isFailing) return;
    await append('compression-failed', { name, error: errorCode(error) }, {}, false);
    setFailing(true);
  }

  function setFailing(next: boolean): void {
    if (next === isFailing) return;
    isFailing = next;
    changed();
  }

  async function retain(): Promise<void> {
    for (;;) {
      const { retention } = settings();
      const { files, openBytes } = await closedFiles(path, beginnings);
      const choice = chooseRemoved(files, openBytes, retention, now());
      if (choice.remove.length === 0) return noteRefused(choice, retention.min_days);
      if (stopping.signal.aborted) return;
      await remove(choice);
    }
  }

  async function noteRefused({ why, isRefused }: Choice, minDays: number): Promise<void> {
    const next = isRefused ? why : null;
    if (next === refused) return;
    if (next !== null) {
      await append('retention-refused', { why: next, min_days: minDays }, {}, true);
      report('a limit asks for removing records that are younger than audit.retention.min_days: they stay', {
        why: next,
      });
    }
    refused = next;
    changed();
  }

  /** The record first: where a crash comes between, the next look finds the files still there and removes them. */
  async function remove({ remove: files, why }: Choice): Promise<void> {
    const last = files.at(-1);
    if (last === undefined || why === null) return;
    const removed = files.map(({ path: name, first, last: end }) => ({
      name: basename(name),
      first_seq: first,
      last_seq: end,
    }));
    const facts = { removed, last_seq: last.last, last_hash: last.lastHash, why };
    await append('retention', facts, {}, true);
    await sealNow();
    for (const { first } of files) {
      const plain = segmentPath(path, first);
      for (const name of [plain, compressedPath(plain)]) await rm(name, { force: true });
      beginnings.delete(first);
    }
    await syncFolder(path);
    report('old segments were removed', { count: files.length, last_seq: last.last, why });
  }

  return {
    get refused() {
      return refused;
    },
    get isFailing() {
      return isFailing;
    },
    wake,
    interrupt: () => compressing.abort(),
    async close() {
      stopping.abort();
      await working;
    },
  };
}
