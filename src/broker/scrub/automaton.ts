/** A value that is looked for, under the name that replaces it. */
export interface Needle {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Counts only where no letter or digit stands before or after it. */
  readonly wholeToken: boolean;
}

export interface Match {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

export interface Found {
  readonly matches: readonly Match[];
  /** Length of the longest end of the bytes with which a needle begins. */
  readonly begun: number;
}

/** Finds every occurrence of every needle, overlapping ones too, in one pass over the bytes. */
export type Automaton = (bytes: Uint8Array) => Found;

interface Node {
  readonly depth: number;
  readonly next: Map<number, Node>;
  fail: Node | null;
  /** Needles that end here, the longest first. */
  ends: Needle[];
}

const NOTHING: Found = { matches: [], begun: 0 };

/** A. V. Aho, M. J. Corasick, "Efficient string matching", CACM 18 (1975). */
export function buildAutomaton(needles: readonly Needle[]): Automaton {
  const root: Node = { depth: 0, next: new Map(), fail: null, ends: [] };
  for (const needle of needles) {
    let node = root;
    for (const byte of needle.bytes) {
      const found = node.next.get(byte) ?? { depth: node.depth + 1, next: new Map(), fail: null, ends: [] };
      node.next.set(byte, found);
      node = found;
    }
    node.ends.push(needle);
  }
  linkFailures(root);
  return (bytes) => (needles.length === 0 ? NOTHING : search(root, bytes));
}

/** Breadth first, so that a node's failure link is finished before its children need it. */
function linkFailures(root: Node): void {
  const queue: Node[] = [root];
  for (let at = 0; at < queue.length; at += 1) {
    const node = queue[at];
    if (node === undefined) continue;
    for (const [byte, child] of node.next) {
      child.fail = node === root ? root : step(node.fail ?? root, byte, root);
      child.ends = [...child.ends, ...child.fail.ends];
      queue.push(child);
    }
  }
}

function step(from: Node, byte: number, root: Node): Node {
  for (let node: Node | null = from; node !== null; node = node.fail) {
    const found = node.next.get(byte);
    if (found !== undefined) return found;
  }
  return root;
}

function search(root: Node, bytes: Uint8Array): Found {
  const matches: Match[] = [];
  let node = root;
  for (let at = 0; at < bytes.length; at += 1) {
    node = step(node, bytes[at] ?? 0, root);
    for (const { bytes: needle, name, wholeToken } of node.ends) {
      const start = at + 1 - needle.length;
      if (wholeToken && (isWord(bytes[start - 1]) || isWord(bytes[at + 1]))) continue;
      matches.push({ start, end: at + 1, name });
    }
  }
  return { matches, begun: node.depth };
}

function isWord(byte: number | undefined): boolean {
  return byte !== undefined && /[A-Za-z0-9_]/.test(String.fromCharCode(byte));
}
