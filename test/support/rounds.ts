/** How often tests that count go round: `ci` in every run, `full` with DRIVERD_ROUNDS=full. */
const TABLE = {
  kills: { ci: 1, full: 20 },
  auditKills: { ci: 12, full: 200 },
  /** Of monitor or broker of one daemon, whose log grows over all of them. */
  daemonKills: { ci: 10, full: 200 },
  sessions: { ci: 1_000, full: 10_000 },
  disconnects: { ci: 300, full: 3_000 },
  tracedCalls: { ci: 100, full: 100 },
  machineKills: { ci: 2, full: 20 },
  powerCuts: { ci: 2, full: 30 },
  powerCutsUnsynced: { ci: 2, full: 4 },
  /** Of each kind of tampering with the audit log. */
  tampering: { ci: 60, full: 1_000 },
  untouchedLogs: { ci: 10, full: 100 },
  shipRestarts: { ci: 4, full: 20 },
  launchesAtOnce: { ci: 10_000, full: 10_000 },
  /** Of each property of the scrubber. */
  scrubbing: { ci: 300, full: 20_000 },
  /** Calls of which is asked first whether they would be permitted, a hundred for each set of policies. */
  canAndCall: { ci: 600, full: 10_000 },
  /** Decisions that are made anew by Cedar itself, which is shown everything. */
  decisions: { ci: 1_000, full: 50_000 },
  /** Calls that differ in their method or params. */
  distinctCalls: { ci: 10_000, full: 1_000_000 },
  /** Calls through one persistent driver. */
  persistentCalls: { ci: 20_000, full: 1_000_000 },
  /** Places at which each text of a corpus is cut in two. */
  corpusCuts: { ci: 8, full: 1_000 },
  /** Calls that are cancelled at a random moment, and as many whose caller leaves then. */
  cancels: { ci: 60, full: 2_000 },
  /** Mebibytes of one streamed result to a slow reader. */
  streamedMebibytes: { ci: 128, full: 1_024 },
} as const;

export type RoundName = keyof typeof TABLE;

export function rounds(name: RoundName): number {
  return TABLE[name][process.env['DRIVERD_ROUNDS'] === 'full' ? 'full' : 'ci'];
}
