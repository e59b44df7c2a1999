/** `npm run crash:dispatch [-- --rounds 50]`: kills the hub in the middle of dispatch as often as asked, and counts what arrived. */
import './require-node.mjs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '50' } } });
process.env.INTHUB_CRASH_ROUNDS = values.rounds;
// Only now: what it starts inherits the environment as it was when it was loaded.
const { runStep } = await import('./run-step.ts');
const { ok: built } = await runStep(['tsc', '-b'], { show: true });
const test = 'apps/hub/src/e2e/webhooks-crash.peer.test.ts';
const ok = built && (await runStep(['vitest', 'run', test], { show: true })).ok;
process.exitCode = ok ? 0 : 1;
