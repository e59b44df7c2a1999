import type { CheckOutcome, ConnectorCheck } from '@inthub/connector-sdk';
import { expandScopes, HubError } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import type { EgressAttempt } from '../egress/egress.ts';
import { createSampleConnector } from '../runtime/testing.ts';
import { createRig } from './testing.ts';

function setUp(run: ConnectorCheck['run'], status = 'active') {
  const connector = createSampleConnector({ checks: [{ id: 'sample.quota', title: 'Quota', run }] });
  const rig = createRig({ clock: createFakeClock(), connector, integration: { status } });
  const attempts: EgressAttempt[] = [];
  const call = {
    ...rig.call,
    checkId: 'sample.quota',
    onAttempt: (attempt: EgressAttempt) => void attempts.push(attempt),
  };
  return { rig, attempts, call };
}

describe('a check of the connector’s own', () => {
  it('runs like any call: through egress, counted, audited, with every request told', async () => {
    const { rig, attempts, call } = setUp(async (ctx) => {
      await ctx.http.get('/quota');
      return { status: 'warn', message: 'Little is left.', suggestions: ['Buy more.'] };
    });

    const finding = await rig.gateway.runCheck(call);
    await rig.gateway.close();

    expect(finding).toEqual({ status: 'warn', message: 'Little is left.', suggestions: ['Buy more.'] });
    expect(attempts.map(({ path }) => path)).toEqual(['/quota']);
    expect(rig.audit).toMatchObject([
      { action: 'connector.check', outcome: 'success', details: { check: 'sample.quota', apiCalls: 1 } },
    ]);
    expect(rig.usage).toEqual([]);
    expect(await rig.scrape('connector_requests_total')).toEqual([expect.stringContaining('action="sample.quota"')]);
  });

  it.each(['draft', 'failed', 'paused'])('is made of an integration that is %s', async (status) => {
    const { rig, call } = setUp(async () => ({ status: 'pass', message: 'Fine.' }), status);

    expect(await rig.gateway.runCheck(call)).toMatchObject({ status: 'pass' });
  });

  it.each<[string, () => unknown, string]>([
    ['throws', () => Promise.reject(new HubError('provider_forbidden')), 'provider_forbidden'],
    ['breaks', () => Promise.reject(new TypeError('x')), 'connector_failed'],
    ['answers nonsense', () => ({ status: 'perhaps', message: 'x' }), 'connector_failed'],
  ])('that %s fails the call with a code', async (_name, run, code) => {
    const { rig, call } = setUp(async () => run() as CheckOutcome);

    await expect(rig.gateway.runCheck(call)).rejects.toMatchObject({ code });
  });

  it('is refused to who may only read, and where there is none of that name', async () => {
    const { rig, call } = setUp(async () => ({ status: 'pass', message: 'Fine.' }));
    const reader = { ...call.principal, scopes: expandScopes(['integrations.read']) };

    await expect(rig.gateway.runCheck({ ...call, principal: reader })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(rig.gateway.runCheck({ ...call, checkId: 'other' })).rejects.toMatchObject({ code: 'not_found' });
  });
});
