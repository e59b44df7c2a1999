// Paths are from the repository's root, where tools/generate-client.ts runs this.
export default {
  input: './packages/client/openapi.json',
  output: { path: './packages/client/src/generated', module: { extension: '.ts' } },
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
};
