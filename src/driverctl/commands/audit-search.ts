import { hostAccounts } from '../audit/accounts.ts';
import { type Wanted, wantedBy } from '../audit/filters.ts';
import { logFailure } from '../audit/log-failure.ts';
import type { Damage } from '../audit/log-segments.ts';
import { auditLogPath } from '../audit/places.ts';
import { printLine } from '../audit/print-line.ts';
import { foreignLine } from '../audit/record-line.ts';
import { headingRow, recordRow } from '../audit/record-row.ts';
import { timeOfLine, wrongWithLine } from '../audit/record-view.ts';
import { newestLines, scanLog } from '../audit/scan-log.ts';
import { isWithin, timeRange } from '../audit/time-range.ts';
import { wholeNumber } from '../command-line.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { printWarning } from '../print/warning.ts';

const LARGEST_LIMIT = 1_000_000;

/**
 * `driverctl audit search`: the records that are all that the options ask for, the newest last; on a terminal a table, else
 * the records as they stand. Returns the exit status: that there is none is an answer like any other.
 */
export async function searchAuditLog(invocation: Invocation): Promise<number> {
  const { options, stderr } = invocation;
  const path = auditLogPath(invocation);
  const range = timeRange(options, Date.now());
  const limit = options.limit === undefined ? null : wholeNumber(options.limit, '--limit', 1, LARGEST_LIMIT);
  const wanted = wantedBy(options);
  const printer = createPrinter(invocation, wanted);
  const scan = { path, range, needles: wanted.needles };
  const isInRange = (line: Buffer): boolean => isWithin(range, timeOfLine(line));
  let damage: readonly Damage[];
  try {
    if (limit === null) {
      damage = await scanLog(scan, (line) => {
        if (isInRange(line)) printer.print(line);
        return true;
      });
    } else {
      const newest = await newestLines(scan, limit, (line) => isInRange(line) && wanted.read(line) !== null);
      for (const line of newest.lines) printer.print(line);
      if (newest.isCut)
        printWarning(
          stderr,
          `Only the newest ${newest.lines.length} are shown: more would take too much memory`,
        );
      damage = newest.damage;
    }
  } catch (error) {
    throw logFailure(path, error);
  }
  const { passedOver } = printer;
  if (passedOver > 0) {
    const what = passedOver === 1 ? 'One line holds' : `${passedOver} lines hold`;
    printWarning(
      stderr,
      `${what} what is looked for without being a record; \`driverctl audit verify\` tells more`,
    );
  }
  for (const { path: file, why } of damage) printWarning(stderr, `Cannot read ${file}: ${why}`);
  return (damage.length === 0 ? exitCodes.ok : exitCodes.other).status;
}

interface Printer {
  /** Lines that could not be printed as records. */
  readonly passedOver: number;
  print(line: Buffer): void;
}

function createPrinter(invocation: Invocation, wanted: Wanted): Printer {
  const { options, stdout } = invocation;
  const isTable = stdout.isTerminal && options.json !== true;
  const accounts = hostAccounts();
  let isBegun = false;
  let passedOver = 0;

  function printRow(line: Buffer, view: NonNullable<ReturnType<Wanted['read']>>): void {
    if (!isBegun) stdout.write(`${headingRow()}\n`);
    isBegun = true;
    if (view === 'not-read') return stdout.write(`${foreignLine(line)}\n`);
    const wrong = wrongWithLine(line);
    stdout.write(`${recordRow(view, accounts)}${wrong === null ? '' : ` ! ${wrong}`}\n`);
  }

  return {
    get passedOver() {
      return passedOver;
    },
    print(line) {
      const view = wanted.read(line);
      if (view === null) return;
      if (isTable) return printRow(line, view);
      // What reads the output counts on one record a line.
      if (view === 'not-read') passedOver += 1;
      else printLine(invocation, line);
    },
  };
}
