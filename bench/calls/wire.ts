import { connect } from 'node:net';

const NEWLINE = 10;
const LONGEST_WAIT_MS = 60_000;
const ID = '"id":';
const ID_DIGITS = 12;
/** How many characters of a reply are looked at for its id and for an error; ids stand at a reply's begin or end. */
const LOOKED_AT = 300;

/** One connection to a server that speaks JSON-RPC, one message a line. The same one for driverd and for its peers. */
export interface Wire {
  /** Calls and waits; resolves with milliseconds. */
  call(method: string, params: unknown): Promise<number>;
  /** Keeps so many calls in flight for so long. */
  flood(method: string, params: unknown, inFlight: number, milliseconds: number): Promise<Flood>;
  close(): void;
}

export interface Flood {
  readonly perSecond: number;
  /** Of each call, in milliseconds. */
  readonly times: readonly number[];
}

/** @throws Error where nobody listens */
export async function openWire(path: string): Promise<Wire> {
  const socket = connect(path);
  let heard: (id: number) => void = () => undefined;
  let failed: (why: Error) => void = () => undefined;
  let line = '';
  let lastId = 0;

  function take(): void {
    const whole = line;
    line = '';
    if (whole.includes('"error":{'))
      return failed(new Error(`Cannot measure: a call was answered with ${whole}`));
    const at = whole.indexOf(ID) + ID.length;
    heard(Number.parseInt(whole.slice(at, at + ID_DIGITS), 10));
  }

  /** Of a long reply its two ends are kept. */
  function keep(part: Buffer): void {
    if (part.length <= 2 * LOOKED_AT) line += part.toString('latin1');
    else line += part.toString('latin1', 0, LOOKED_AT) + part.toString('latin1', part.length - LOOKED_AT);
    if (line.length > 4 * LOOKED_AT) line = line.slice(0, LOOKED_AT) + line.slice(-LOOKED_AT);
  }

  socket.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, at));
      from = at + 1;
      take();
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  });
  socket.on('close', () => failed(new Error('Cannot measure: the connection was closed')));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', (error) => failed(error));

  function send(method: string, params: unknown): number {
    lastId += 1;
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: lastId, method, params })}\n`);
    return lastId;
  }

  return {
    call(method, params) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`Cannot measure: ${method} was not answered`)),
          LONGEST_WAIT_MS,
        );
        const started = performance.now();
        heard = () => {
          clearTimeout(timer);
          resolve(performance.now() - started);
        };
        failed = reject;
        send(method, params);
      });
    },
    flood(method, params, inFlight, milliseconds) {
      return new Promise((resolve, reject) => {
        const started = performance.now();
        const begun = new Map<number, number>();
        const times: number[] = [];
        const sendOne = (): void => {
          begun.set(send(method, params), performance.now());
        };
        failed = reject;
        heard = (id) => {
          const now = performance.now();
          times.push(now - (begun.get(id) ?? Number.NaN));
          begun.delete(id);
          if (now - started < milliseconds) return sendOne();
          if (begun.size === 0) resolve({ perSecond: (times.length * 1_000) / (now - started), times });
        };
        for (let at = 0; at < inFlight; at += 1) sendOne();
      });
    },
    close: () => socket.destroy(),
  };
}
