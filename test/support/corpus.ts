import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The rows of a file of test/corpora, as they stand there; see the README in it. */
export function readCorpus<Row>(name: string): readonly Row[] {
  const packed = readFileSync(new URL(`../corpora/${name}.jsonl.gz`, import.meta.url));
  const lines = gunzipSync(packed).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Row);
}
