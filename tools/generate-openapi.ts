import { readFileSync, writeFileSync } from 'node:fs';
import { buildOpenApiDocument } from '../apps/hub/src/http/openapi-document.ts';

const { version } = JSON.parse(readFileSync('apps/hub/package.json', 'utf8')) as { version: string };
const document = await buildOpenApiDocument(version);
writeFileSync('packages/client/openapi.json', `${JSON.stringify(document, null, 2)}\n`);
