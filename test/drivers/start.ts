import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { JsonObject, JsonValue } from '../../src/shared/json-value.ts';
import { isJsonObject } from '../../src/shared/json-value.ts';

const LONGEST_RUN_MS = 20_000;

/** How a program of the checkout ended, and what it wrote. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a driver on Node as a child process, the SDK being that of src, with these bytes on its stdin. */
export function start(program: string, input: string): Promise<Ended> {
  const path = fileURLToPath(new URL(`../../${program}`, import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', path], { timeout: LONGEST_RUN_MS });
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.stderr += text;
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, ...written }));
  });
}

/** The line that the broker would write. */
export function request(method: string, params: JsonObject = {}, progress = false): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params, _meta: { progress } })}\n`;
}

/** One JSON object a line, as the protocol has it. */
export function messages(stdout: string): readonly JsonObject[] {
  if (!stdout.endsWith('\n')) throw new Error('Cannot read the messages: the last line has no end');
  return stdout
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      const value: JsonValue = JSON.parse(line);
      if (!isJsonObject(value)) throw new Error('Cannot read the messages: one is no object');
      return value;
    });
}

/** Calls one method and returns its result. Throws where the one message is not a result. */
export async function result(program: string, method: string, params: JsonObject = {}): Promise<JsonObject> {
  const [message] = messages((await start(program, request(method, params))).stdout);
  const found = message?.['result'];
  if (!isJsonObject(found)) throw new Error(`Cannot read the result: ${JSON.stringify(message)}`);
  return found;
}

/** Calls one method and returns its JSON-RPC error. */
export async function refusal(program: string, method: string, params: JsonObject = {}): Promise<JsonObject> {
  const [message] = messages((await start(program, request(method, params))).stdout);
  const found = message?.['error'];
  if (!isJsonObject(found)) throw new Error(`Cannot read the error: ${JSON.stringify(message)}`);
  return found;
}
