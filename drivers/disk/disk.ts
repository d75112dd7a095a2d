import { statSync } from 'node:fs';
import { type Call, declaredError, type Params, serve } from 'driverd/sdk';
import { declaring } from './failures.ts';
import { hostRoot, resolveOnHost } from './host-path.ts';
import { createRanking } from './ranking.ts';
import { usageOf } from './usage.ts';
import { walk } from './walk.ts';

/** The manifest's defaults. */
const DEFAULT_LIMIT = 10;
const DEFAULT_KIND = 'file';

function usage(params: Params) {
  const path = textParam(params, 'path', '/');
  return { path, ...declaring(path, () => usageOf(resolveOnHost(hostRoot(), path))) };
}

function largest(params: Params, call: Call) {
  const path = textParam(params, 'path', '/');
  const kind = textParam(params, 'kind', DEFAULT_KIND);
  const limit = typeof params['limit'] === 'number' ? params['limit'] : DEFAULT_LIMIT;
  const root = hostRoot();
  const ranking = createRanking(limit);
  const walked = declaring(path, () => {
    const start = resolveOnHost(root, path);
    if (!statSync(start).isDirectory()) throw declaredError('not_a_directory', { path });
    return walk(start, {
      entry(found, foundKind, bytes) {
        if (kind === 'any' || kind === foundKind) {
          ranking.offer({ path: asHostPath(root, found), kind: foundKind, bytes });
        }
      },
      visited: (count) => call.progress(count),
    });
  });
  return { path, entries: ranking.entries, ...walked };
}

function textParam(params: Params, name: string, whenAbsent: string): string {
  const value = params[name];
  return typeof value === 'string' ? value : whenAbsent;
}

function asHostPath(root: string, path: string): string {
  return root === '/' ? path : path.slice(root.length);
}

serve({ usage, largest });
