// Fails where a generated file is not what its generator makes today: `node scripts/check-generated.ts`. Every file in
// the folders below is compared before and after all generators ran, so a generator need not say what it writes; what
// changed is put back, since a check that mends what it judges passes the second time.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateAll } from './generate.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const FOLDERS = ['src', 'protocol', 'docs', 'drivers'];

const before = readAll();
generateAll();
const after = readAll();
const stale = [...new Set([...before.keys(), ...after.keys()])].filter((path) => {
  const old = before.get(path);
  const now = after.get(path);
  return old === undefined || now === undefined || !old.equals(now);
});
for (const path of stale) {
  const old = before.get(path);
  if (old === undefined) rmSync(join(root, path));
  else writeFileSync(join(root, path), old);
  console.error(`${path} is not what its generator makes: run \`npm run generate\` and commit the result`);
}
if (stale.length > 0) process.exitCode = 1;
else console.log('Generated files: up to date.');

function readAll(): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>();
  for (const folder of FOLDERS.filter((name) => existsSync(join(root, name)))) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name);
      if (statSync(join(root, path)).isFile()) contents.set(path, readFileSync(join(root, path)));
    }
  }
  return contents;
}
