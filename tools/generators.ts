/** A program that writes files which are committed: the API description, the client, tables in the documentation. */
export interface Generator {
  readonly name: string;
  /** TypeScript file that is run from the repository's root; it writes its outputs and nothing else. */
  readonly script: string;
  /** Files and folders that it writes, from the repository's root. */
  readonly writes: readonly string[];
}

/** In the order in which they run: a generator may read what an earlier one wrote. */
export const generators: readonly Generator[] = [
  { name: 'openapi', script: 'tools/generate-openapi.ts', writes: ['packages/client/openapi.json'] },
  { name: 'client', script: 'tools/generate-client.ts', writes: ['packages/client/src/generated'] },
  { name: 'connector pages', script: 'tools/generate-connector-pages.ts', writes: ['docs/connectors'] },
];
