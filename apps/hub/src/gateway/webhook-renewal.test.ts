import { HubError, type Principal } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { createSampleConnector } from '../runtime/testing.ts';
import { createRig, tenantId } from './testing.ts';

const hub: Principal = {
  tenantId,
  kind: 'system',
  id: 'webhook-receiver',
  name: 'Webhook receiver',
  scopes: new Set(),
};
const webhook = { externalId: 'sub-1', target: 'channel-1' };

function setUp(isRenewed: boolean, status = 'active') {
  const connector = createSampleConnector({
    webhooks: [
      {
        id: 'sample.changes',
        title: 'Changes',
        events: ['sample.thing.made'],
        proof: 'token',
        verify: () => 'invalid',
        translate: () => [],
        registration: {
          register: async () => ({ externalId: 'sub-1' }),
          deregister: async () => undefined,
          ...(isRenewed && {
            renewal: {
              everyMs: 1_800_000,
              renew: async ({ externalId, target }, ctx) => {
                await ctx.http.patch(`/subscriptions/${target}/${externalId}`);
              },
            },
          }),
        },
      },
    ],
  });
  const paths: string[] = [];
  const rig = createRig({
    clock: createFakeClock(),
    connector,
    integration: { status } as never,
    provider: async ({ method, path }) => {
      paths.push(`${method} ${path}`);
      return {};
    },
  });
  const call = {
    ...rig.call,
    principal: hub,
    webhookId: 'sample.changes',
    change: { kind: 'renew', webhook },
  } as const;
  return { rig, paths, call };
}

describe('renewing a webhook', () => {
  it('is a call of the hub’s own through the gateway, and audited', async () => {
    const { rig, paths, call } = setUp(true);

    expect(await rig.gateway.changeWebhook(call)).toBeNull();
    await rig.gateway.close();

    expect(paths).toEqual(['PATCH /subscriptions/channel-1/sub-1']);
    expect(rig.audit).toMatchObject([
      { action: 'webhook.change', outcome: 'success', details: { webhookChange: 'renew', webhook: 'sample.changes' } },
    ]);
  });

  it.each([
    ['paused', true, 'integration_inactive'],
    ['active', false, 'not_found'],
  ])('of a %s integration fails where it cannot be (%s: %s)', async (status, isRenewed, code) => {
    const { rig, paths, call } = setUp(isRenewed, status);

    await expect(rig.gateway.changeWebhook(call)).rejects.toMatchObject({ code });
    await expect(rig.gateway.changeWebhook(call)).rejects.toBeInstanceOf(HubError);
    expect(paths).toEqual([]);
  });
});
