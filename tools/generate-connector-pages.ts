import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connectors } from '@inthub/connectors';
import { connectorPages } from './connector-pages.ts';

const folder = 'docs/connectors';
const pages = connectorPages(
  connectors.map((definition) => ({
    definition,
    readme: readFileSync(`connectors/src/${definition.manifest.id}/README.md`, 'utf8'),
  })),
);
mkdirSync(folder, { recursive: true });
// A category whose last connector has gone leaves no page behind.
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(`${folder}/${name}`, { recursive: true });
for (const [name, text] of pages) writeFileSync(`${folder}/${name}`, text);
