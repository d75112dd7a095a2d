/** A column is padded to this many characters at most: one long cell must not blow up every row. */
const PADDED_WIDTH_LIMIT = 60;
const GAP = '  ';

/**
 * Lines of a table with its columns aligned. Cells must be safe for a terminal and without newlines already.
 *
 * @param rows the first one is the header; every row has as many cells
 */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, Math.min(cell.length, PADDED_WIDTH_LIMIT));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}
