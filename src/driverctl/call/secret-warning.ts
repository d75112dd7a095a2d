import { isJsonObject, type JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import type { MethodDescription } from '../client/discover.ts';

/** Whether a schema marks a value, or a part of it, as `secret`. Its parser has bounded the depth. */
function marksSecret(schema: JsonValue): boolean {
  if (Array.isArray(schema)) return schema.some(marksSecret);
  if (!isJsonObject(schema)) return false;
  return schema['secret'] === true || Object.keys(schema).some((key) => marksSecret(schema[key] ?? null));
}

/**
 * Warnings for secrets among the params on the command line (U3): every user of the host can read it while driverctl
 * runs (proc(5), cmdline), and shells keep it in their history.
 */
export function secretWarnings(method: MethodDescription, onCommandLine: readonly string[]): string[] {
  return method.params
    .filter(({ name, schema }) => onCommandLine.includes(name) && marksSecret(schema))
    .map(({ name }) => {
      const words = `the param ${name} is a secret, and others can read a command line`;
      return `driverctl: warning: ${escapeForTerminal(words)}; pass the params on standard input (PARAMS is -)\n`;
    });
}
