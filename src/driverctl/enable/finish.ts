import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { stateFolder } from '../audit/places.ts';
import { type Reload, reloadDaemon } from '../daemon/reload.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';
import { tableLines } from '../print/table.ts';
import type { ConfigurationFolder } from './configuration-folder.ts';
import type { FileChange } from './generated-file.ts';
import type { JudgedAsk } from './grant-words.ts';
import type { Uncovered } from './policy-text.ts';

/** What `enable` or `disable` has done before the daemon is asked to reload. */
export interface Done {
  readonly profile: string;
  readonly files: readonly FileChange[];
  /** Of `enable` alone. */
  readonly enabled?: {
    readonly driver: string;
    readonly asks: readonly JudgedAsk[];
    readonly uncovered: readonly Uncovered[];
    /** What an admin should have read of what is granted, a sentence each. */
    readonly risks: readonly string[];
  };
}

/**
 * Has the daemon reload, prints what was done and returns the exit status.
 * @throws Failure (other), after the report, where a daemon runs and does not take the files
 */
export async function finish(
  invocation: Invocation,
  { settings }: ConfigurationFolder,
  done: Done,
): Promise<number> {
  const reload = await reloadDaemon(stateFolder(invocation), settings.audit.path);
  printReport(invocation, { json: jsonOf(done, reload), human: () => humanText(done, reload) });
  if (reload.state === 'refused') {
    throw new Failure('other', `Cannot reload: the daemon keeps what it had: ${reload.why}`);
  }
  if (reload.state === 'not asked') {
    throw new Failure('other', `Cannot reload: the daemon cannot be asked: ${reload.why}`);
  }
  return exitCodes.ok.status;
}

function jsonOf({ profile, files, enabled }: Done, reload: Reload): JsonObject {
  const ofEnable: JsonObject =
    enabled === undefined
      ? {}
      : {
          driver: enabled.driver,
          asks: enabled.asks.map(askJson),
          risks: [...enabled.risks],
          uncovered: enabled.uncovered.map(({ method, permits }) => ({ method, permits: [...permits] })),
        };
  return {
    profile,
    ...ofEnable,
    files: files.map(({ path, state }) => ({ path, state })),
    reload: { state: reload.state, ...('why' in reload ? { why: reload.why } : {}) },
  };
}

function askJson({ word, granted, grantWord }: JudgedAsk): JsonValue {
  return granted ? { word, state: 'granted' } : { word, state: 'not granted', grant: grantWord };
}

function humanText({ files, enabled }: Done, reload: Reload): string {
  const lines = [
    ...(enabled === undefined ? [] : askLines(enabled.driver, enabled.asks)),
    ...(enabled?.risks ?? []).map((risk) => `Warning: ${risk}`),
    ...tableLines(files.map(({ path, state }) => [state, escapeForTerminal(path)])),
    ...(enabled?.uncovered ?? []).flatMap(uncoveredLines),
    escapeForTerminal(reloadSentence(reload)),
  ];
  return `${lines.join('\n')}\n`;
}

function askLines(driver: string, asks: readonly JudgedAsk[]): readonly string[] {
  if (asks.length === 0) return [`${driver} asks for nothing beyond the default sandbox.`];
  const rows = asks.map(({ word, granted, grantWord }) => [
    `  ${escapeForTerminal(word)}`,
    granted ? 'granted' : `not granted (--grant ${escapeForTerminal(grantWord)})`,
  ]);
  return [`${driver} asks for:`, ...tableLines(rows)];
}

function uncoveredLines({ method, permits }: Uncovered): readonly string[] {
  return [
    `${method} is destructive and not covered by --allow. To permit it, put into a file of your own in policy.d:`,
    ...permits.map((permit) => `  ${permit}`),
  ];
}

function reloadSentence(reload: Reload): string {
  switch (reload.state) {
    case 'reloaded':
      return 'The daemon has reloaded.';
    case 'no daemon runs':
      return 'No daemon runs: it counts from the next start.';
    case 'asked':
      return `The daemon was asked to reload; what came of it is not known: ${reload.why}.`;
    case 'refused':
      return 'The daemon has refused the new configuration and keeps what it had.';
    case 'not asked':
      return 'The daemon was not asked to reload.';
  }
}
