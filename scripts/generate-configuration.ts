/**
 * Makes, from the schemas of protocol/ (`npm run generate`): validators without a schema compiler, for the privileged
 * process; types; and docs/configuration.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { compile } from 'json-schema-to-typescript';
import { standaloneValidators } from './standalone-validators.ts';

type Schema = { [key: string]: unknown };
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const HEADER = 'Made by scripts/generate-configuration.ts from protocol/*.schema.json. Do not edit.';

const read = (name: string): Schema =>
  JSON.parse(readFileSync(join(ROOT, 'protocol', `${name}.schema.json`), 'utf8'));
const settings = read('driverd');
const profile = read('profile');
const manifest = read('manifest');

/** Words of a profile that a manifest can ask for. A secret is asked for by its name; where it comes from is the admin's. */
const ASKABLE = [
  ...['groups', 'filesystem', 'network', 'capabilities', 'devices', 'syscalls', 'limits', 'secrets'],
];

/** The `asks` of a manifest: words of a profile, without their defaults, since what is not named is not asked for. */
function asksSchema(): Schema {
  const words = profile['properties'] as Schema;
  const properties = Object.fromEntries(ASKABLE.map((word) => [word, withoutDefaults(words[word])]));
  // Any other user is the admin's to choose.
  properties['user'] = {
    title: 'User',
    description: 'That it has to run as root; an admin grants it with a reason.',
    type: 'string',
    enum: ['root'],
    examples: ['root'],
  };
  const secret = (properties['secrets'] as Schema)['items'] as Schema;
  const { name, as, variable } = secret['properties'] as Schema;
  delete secret['oneOf'];
  secret['properties'] = { name, as, variable };
  secret['examples'] = [{ name: 'token' }];
  return {
    $schema: profile['$schema'],
    $id: 'asks.schema.json',
    $comment: HEADER,
    title: 'Asks',
    description: "What a driver asks for, in a profile's words; nothing is granted by it.",
    type: 'object',
    additionalProperties: false,
    examples: [{ filesystem: { read: ['/srv'] } }],
    $defs: withoutDefaults(profile['$defs']),
    properties,
  };
}

function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      key === 'default' ? [] : [[key, withoutDefaults(inner)]],
    ),
  );
}

/** What the monitor reads of a manifest: everything but its methods is checked, those are left to the broker. */
function programSchema(): Schema {
  const { version, name, kind, program, asks } = manifest['properties'] as Schema;
  const required = ['version', 'name', 'kind', 'program'];
  return {
    ...manifest,
    $id: 'program.schema.json',
    title: 'Program',
    required,
    additionalProperties: true,
    properties: { version, name, kind, program, asks },
  };
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a `$ref` into the same schema names: a definition, or another setting, whose default is its own alone. */
function referenced(root: Schema, reference: string): unknown {
  const words = reference.replace('#/', '').split('/');
  const named = words.reduce<unknown>((inner, word) => (isObject(inner) ? inner[word] : undefined), root);
  if (!isObject(named)) throw new Error(`Cannot generate files: there is no ${reference}`);
  const { default: _, ...kept } = named;
  return kept;
}

/** Every `$ref` replaced by what it names. */
function inlined(schema: unknown, root: Schema): unknown {
  if (Array.isArray(schema)) return schema.map((item) => inlined(item, root));
  if (!isObject(schema)) return schema;
  const { $ref, ...rest } = schema;
  if (typeof $ref !== 'string') {
    const { $defs: _, ...kept } = rest;
    return Object.fromEntries(Object.entries(kept).map(([key, value]) => [key, inlined(value, root)]));
  }
  if ($ref === 'asks.schema.json') return { ...(inlined(asksSchema(), asksSchema()) as Schema), ...rest };
  return inlined(referenced(root, $ref), root);
}

/** For types: what has a default is always there after validation; titles would make an alias of each field. */
function forTypes(schema: unknown, top = true): unknown {
  if (Array.isArray(schema)) return schema.map((item) => forTypes(item, false));
  if (!isObject(schema)) return schema;
  const copy: Schema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (['$schema', '$id', '$comment', 'examples', 'propertyNames', 'not'].includes(key)) continue;
    if (key === 'title' && !top && typeof value === 'string') continue;
    if (key === 'properties' && isObject(value)) {
      copy[key] = Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, forTypes(inner, false)]),
      );
      const defaulted = Object.entries(value).flatMap(([name, inner]) =>
        isObject(inner) && 'default' in inner ? [name] : [],
      );
      const required = Array.isArray(schema['required']) ? schema['required'] : [];
      copy['required'] = [...new Set([...required, ...defaulted])];
    } else if (key !== 'required' || !('properties' in schema)) {
      copy[key] = key === 'default' ? value : forTypes(value, false);
    }
  }
  // `oneOf` of bare `required` says nothing to the types.
  if (Array.isArray(copy['oneOf'])) delete copy['oneOf'];
  return copy;
}

export async function validatorsText(): Promise<string> {
  const schemas = { settings, profile, manifest, program: programSchema() };
  const { profileName } = profile['$defs'] as Schema;
  const nameSchema = { ...(profileName as Schema), $id: 'profile-name.schema.json' };
  const ajv = new Ajv2020({
    ...{ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true, useDefaults: true },
    code: { source: true, esm: true, lines: true },
    schemas: [asksSchema(), ...Object.values(schemas), nameSchema],
  });
  const names = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, String(schema['$id'])]),
  );
  return standaloneValidators(ajv, { ...names, profileName: nameSchema.$id }, HEADER);
}

export async function typesText(): Promise<string> {
  const options = {
    bannerComment: '',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    format: false,
    unknownAny: true,
  };
  const parts: string[] = [];
  for (const schema of [settings, profile, manifest, programSchema()]) {
    parts.push(
      await compile(
        forTypes(inlined(schema, schema)) as Parameters<typeof compile>[0],
        String(schema['title']),
        options,
      ),
    );
  }
  return `// ${HEADER}\n\n${parts.join('\n')}`;
}

function rows(schema: Schema, prefix: string): string[] {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  return Object.entries(properties).flatMap(([name, value]) => {
    if (!isObject(value)) return [];
    const bounds = [value['minimum'], value['maximum']].every((bound) => typeof bound === 'number')
      ? `${value['minimum']} to ${value['maximum']}`
      : Array.isArray(value['enum'])
        ? value['enum'].join(', ')
        : '';
    const fallback =
      'default' in value && !isObject(value['properties']) ? `\`${JSON.stringify(value['default'])}\`` : '';
    const row = `| \`${prefix}${name}\` | ${String(value['description'] ?? '').replaceAll('|', '\\|')} | ${fallback} | ${bounds} |`;
    return [row, ...rows(value, `${prefix}${name}.`)];
  });
}

export function docsText(): string {
  const sections = [settings, profile, manifest].map((schema) =>
    [
      `## ${schema['title']}`,
      '',
      String(schema['description']),
      '',
      '| field | meaning | default | bounds |',
      '| --- | --- | --- | --- |',
      ...rows(schema, ''),
    ].join('\n'),
  );
  const methodSchema = ((manifest['properties'] as Schema)['methods'] as Schema)[
    'additionalProperties'
  ] as Schema;
  const method = [
    '## A method of a manifest',
    '',
    '| field | meaning | default | bounds |',
    '| --- | --- | --- | --- |',
    ...rows(methodSchema, ''),
  ].join('\n');
  return `<!-- ${HEADER} -->\n\n# Configuration\n\n${[...sections, method].join('\n\n')}\n`;
}

const TYPES = `// ${HEADER}
import type { Manifest, Profile, Program, Settings } from './types.generated.ts';

interface Problem {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}
/** Fills in defaults; \`errors\` holds the first problem after a refusal. */
interface Validator<T> {
  (value: unknown): value is T;
  errors?: readonly Problem[] | null;
}
export declare const settings: Validator<Settings>;
export declare const profile: Validator<Profile>;
export declare const manifest: Validator<Manifest>;
export declare const program: Validator<Program>;
export declare const profileName: Validator<string>;
`;

/** File below the checkout → what it must hold. */
export async function generatedConfiguration(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['src/shared/configuration/validators.generated.js', await validatorsText()],
    ['src/shared/configuration/validators.generated.d.ts', TYPES],
    ['src/shared/configuration/types.generated.ts', await typesText()],
    ['docs/configuration.md', docsText()],
    ['protocol/asks.schema.json', `${JSON.stringify(asksSchema(), null, 2)}\n`],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of await generatedConfiguration()) writeFileSync(join(ROOT, path), text);
}
