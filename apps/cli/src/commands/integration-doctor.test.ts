import { describe, expect, it } from 'vitest';
import { startBench } from '../testing/run-cli.ts';
import { ids, sampleIntegration } from '../testing/samples.ts';

const check = (checkType: string, status: string, message: string, suggestions: string[] = []) => ({
  checkType,
  status,
  message,
  details: {},
  suggestions,
  runAt: '2026-11-20T08:00:00.000Z',
  durationMs: 3.2,
});

describe('inthub integrations doctor', () => {
  it('shows each check, what to do next, and exits 1 for what is not healthy', async () => {
    const { run } = await startBench({
      listIntegrations: () => ({ items: [sampleIntegration()], nextCursor: null }),
      runDoctor: () => ({
        id: ids.integration,
        integrationId: ids.integration,
        overallStatus: 'unhealthy',
        checks: [check('connectivity', 'fail', 'Refused.', ['Start the registry.']), check('tls', 'warn', 'Skipped.')],
        generatedAt: '2026-11-20T08:00:00.000Z',
      }),
    });

    const { code, stdout } = await run(['integrations', 'doctor', 'main registry']);

    expect(code).toBe(1);
    expect(stdout).toMatch(/main registry +unhealthy/);
    expect(stdout).toMatch(/connectivity +fail +3 ms +Refused\./);
    expect(stdout).toContain('→ Start the registry.');
  });
});
