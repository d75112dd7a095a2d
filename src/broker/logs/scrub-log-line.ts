import type { Scrubber } from '../scrub/scrubber.ts';

/** Stands in the log instead of a line that could not be scrubbed. */
const LEFT_OUT = 'a line was left out of this log: it could not be scrubbed';
const LEVEL_ERROR = 50;

/**
 * The last stage of the operational log: no line is written that it has not seen. A line is one JSON object, and stays
 * one.
 * @param scrubber the one of now: another configuration has another one
 */
export function scrubLogLine(scrubber: () => Scrubber): (line: string) => string {
  return (line) => {
    try {
      const { mayHoldSecret, value } = scrubber();
      if (!mayHoldSecret(Buffer.from(line))) return line;
      const scrubbed = value(JSON.parse(line));
      return scrubbed.counts.size === 0 ? line : `${JSON.stringify(scrubbed.value)}\n`;
    } catch (error) {
      // Whatever it is: an error that left here would take the line with it, or end the broker with it unwritten.
      const type = error instanceof Error ? error.constructor.name : typeof error;
      const instead = {
        level: LEVEL_ERROR,
        time: Date.now(),
        name: 'broker',
        error: { type },
        msg: LEFT_OUT,
      };
      return `${JSON.stringify(instead)}\n`;
    }
  };
}
