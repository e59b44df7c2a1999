/**
 * Installs, once, the real servers that peer tests use. `npm test` runs this first.
 * Without root it only says what to install (those suites are then skipped); with CI=true missing peers fail the run.
 */
import { allPeers, ensurePackages } from '../packages/testing/src/peers/debian-packages.ts';

const { missing, installed, hint } = await ensurePackages(allPeers);

if (installed.length > 0) console.log(`test peers installed: ${installed.join(', ')}`);
if (missing.length > 0) {
  console.error(
    `test peers missing: ${missing.join(', ')}. Suites that need them ${process.env['CI'] === 'true' ? 'fail' : 'are skipped'}.\n${hint}`,
  );
  if (process.env['CI'] === 'true') process.exitCode = 1;
}
