import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

const conditions = ['source', 'node'];

// Vitest's own transformer does not lower standard decorators; SWC does (the SDK's BaseConnector uses them).
export default defineConfig({
  plugins: [
    swc.vite({
      jsc: {
        target: 'es2023',
        parser: { syntax: 'typescript', decorators: true },
        transform: { decoratorVersion: '2022-03' },
      },
      module: { type: 'es6' },
    }),
  ],
  // Packages of ours are tested from source. 'import' must not stand here: Vitest passes these on to Node, where it would
  // also hold for require() and hand CommonJS packages (pg) an ES module.
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      { extends: true, test: { name: 'hub', include: ['{apps,tools}/**/*.test.ts'] } },
      // Their files leave nothing behind, so that a process can run many: a third of their time is loading the same modules.
      {
        extends: true,
        test: { name: 'connectors', include: ['{packages,connectors}/**/*.test.ts'], isolate: false },
      },
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: ['packages/testing/src/vitest-global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
