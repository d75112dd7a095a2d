import { fileURLToPath } from 'node:url';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/**
 * What ajv makes of schemas, as one module that imports nothing.
 *
 * @param ajv with the schemas in it, made for ES modules (`code.source`, `code.esm`)
 * @param validators ids of schemas by the names under which their validators are exported
 * @param header the module's first line
 */
export async function standaloneValidators(
  ajv: Ajv2020,
  validators: Readonly<Record<string, string>>,
  header: string,
): Promise<string> {
  const bundled = await build({
    stdin: { contents: standalone.default(ajv, { ...validators }), resolveDir: ROOT, loader: 'js' },
    ...{
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      write: false,
      legalComments: 'none',
    },
    // What is made is the same where node_modules is a link.
    preserveSymlinks: true,
  });
  // ajv's helper carries the text of a require() for its code generator; here it is dead.
  const text = (bundled.outputFiles[0]?.text ?? '').replace(/^.*\.code = 'require\(.*\n/gm, '');
  return `// ${header}\n${text}`;
}
