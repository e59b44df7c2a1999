/**
 * Vitest global setup: one PostgreSQL for the run, its URL in INTHUB_TEST_DATABASE_URL. Runs whose files need none (`vitest run
 * some/unit.test.ts`) do not pay for it; a file needs one when its name says so (`*.db.test.ts`, `*.peer.test.ts`).
 */
import type { TestProject } from 'vitest/node';
import { startTestDatabase, type TestDatabaseServer } from './database.ts';

let server: TestDatabaseServer | undefined;

export async function setup(project: TestProject): Promise<void> {
  // The filters of the command line are not in Vitest's public types; without them all files count.
  const { filenamePattern } = project.vitest as unknown as { filenamePattern?: string[] };
  const { testFiles } = await project.globTestFiles(filenamePattern);
  if (!project.config.watch && !testFiles.some((file) => /\.(db|peer)\.test\.ts$/.test(file))) return;
  server = await startTestDatabase();
}

export async function teardown(): Promise<void> {
  await server?.stop();
}
