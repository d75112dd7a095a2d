import { basename, dirname } from 'node:path';
import { refusePath } from './paths.ts';
import type { Manifest, Program } from './types.generated.ts';
import { manifest, program } from './validators.generated.js';
import { type ReadFile, readYaml } from './yaml.ts';

const KNOWN_KEYS = [
  ...[
    'version',
    'name',
    'title',
    'description',
    'kind',
    'program',
    'executable',
    'node',
    'arguments',
    'environment',
  ],
  ...[
    'asks',
    'filesystem',
    'limits',
    'methods',
    'params',
    'result',
    'positional',
    'destructive',
    'idempotent',
    'tags',
  ],
  ...[
    'timeout_ms',
    'errors',
    'message',
    'data',
    'param',
    'prefix',
    'flag',
    'words',
    'stdin',
    'output',
    'exit_statuses',
    'stream',
    'on_disconnect',
  ],
];

/** Reads a whole manifest; its schemas and templates are not looked into. Throws `ConfigurationError`. */
export function parseManifest(file: string, bytes: Uint8Array): ReadFile<Manifest> {
  const read = readYaml(file, bytes, manifest, KNOWN_KEYS);
  refuseOtherName(file, read);
  refuseStrangePath(read);
  if (read.value.kind === 'jsonrpc' && read.value.program.environment.length > 0) {
    throw read.fail(['program', 'environment'], 'only command drivers take environment values');
  }
  return read;
}

/** Reads what the monitor needs of a manifest: name, kind and program. Throws `ConfigurationError`. */
export function parseProgram(file: string, bytes: Uint8Array): Program {
  const read = readYaml(file, bytes, program, KNOWN_KEYS);
  refuseOtherName(file, read);
  refuseStrangePath(read);
  return read.value;
}

function refuseOtherName(file: string, read: ReadFile<{ readonly name: string }>): void {
  const folder = basename(dirname(file));
  if (read.value.name !== folder) throw read.fail(['name'], `must be the name of its folder, ${folder}`);
}

function refuseStrangePath(read: ReadFile<Pick<Program, 'program'>>): void {
  const { executable } = read.value.program;
  const why = executable?.startsWith('/') === true ? refusePath(executable) : null;
  if (why !== null) throw read.fail(['program', 'executable'], why);
}
