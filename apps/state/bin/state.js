#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write(
    `state is not built yet: ${fileURLToPath(main)} is missing. Run "npm run build" in the checkout first.\n`,
  );
  process.exitCode = 1;
}
