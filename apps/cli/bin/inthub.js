#!/usr/bin/env node
// Plain JavaScript for old Node too: it must be able to say what is missing.
import { existsSync } from 'node:fs';

const wanted = 24;
const main = new URL('../dist/main.js', import.meta.url);

if (Number(process.versions.node.split('.')[0]) < wanted) {
  console.error(
    `inthub needs Node ${wanted} or newer; it is running on ${process.version} (${process.execPath}).\n` +
      'Inside a clone of Integration Hub start it through npm, which brings the right Node along: npx inthub',
  );
  process.exitCode = 1;
} else if (!existsSync(main)) {
  console.error('inthub is not built yet. In the clone of Integration Hub: npm ci && npm run build');
  process.exitCode = 1;
} else {
  await import(main.href);
}
