// After a build: makes joblet-config.schema.json and docs/configuration.md from the schemas; `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { configJsonSchema, describeKeys } from '../dist/index.js';
import { configurationPage } from './configuration-page.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const template = readFileSync(here('./configuration.template.md'), 'utf8');
const outputs = [
  [here('../joblet-config.schema.json'), JSON.stringify(configJsonSchema())],
  [here('../../../docs/configuration.md'), configurationPage(template, describeKeys())],
];

for (const [path, text] of outputs) {
  const formatted = await format(text, { ...(await resolveConfig(path)), filepath: path });
  if (!process.argv.includes('--check')) writeFileSync(path, formatted);
  else if (readFileSync(path, 'utf8') !== formatted) {
    process.stderr.write(`${relative(process.cwd(), path)} is stale: run npm run generate\n`);
    process.exitCode = 1;
  }
}
