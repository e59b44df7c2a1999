/** What a provider really said stands in the audit, and nowhere else; without the secret that was sent along. */
import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestEgress, type TestEgress } from '../egress/testing.ts';
import { createSampleConnector, listTags } from '../runtime/testing.ts';
import { createRig } from './testing.ts';

let server: FaultServer;
let test: TestEgress;

beforeEach(async () => {
  server = await startFaultServer();
  test = createTestEgress();
});
afterEach(async () => {
  await test.egress.close();
  await server.stop();
});

async function failOnce(sensitive: boolean, body: string) {
  server.always('GET', /\/v2\/app/, respond.text(500, body, { 'content-type': 'text/html' }));
  const rig = createRig({
    clock: test.clock,
    connector: createSampleConnector({ actions: [{ ...listTags, sensitive, cacheTtlMs: 60_000 }] }),
    integration: {
      config: { endpoint: server.url, authMode: 'token', retryPolicy: { maxRetries: 0 } },
      authRef: 'ref://integrations/sample/main',
      credentialKind: 'bearer_token',
      ...(sensitive ? { grant: grantOf('tag.list') } : {}),
    },
    deps: {
      egress: test.egress,
      resolveCredential: () => ({
        kind: 'bearer_token',
        material: { kind: 'bearer_token', token: 'canary-token-4711' },
        fingerprint: 'f',
      }),
    },
  });
  const { result } = await rig.gateway.execute({ ...rig.call, action: 'tag.list', params: { repository: 'app' } });
  await rig.gateway.close();
  return { result, details: rig.audit.at(-1)?.details ?? {} };
}

const grantOf = (capability: string) => ({
  grantedCapabilities: [capability],
  deniedCapabilities: [],
  dataScope: {
    projects: 'all' as const,
    dataTypes: ['code', 'issues', 'messages', 'configs', 'secrets'] as const,
    piiAccess: true,
  },
  networkScope: { allowedDomains: [], blockedDomains: [] },
  grantedBy: 'a',
  grantedAt: '2026-01-01T00:00:00.000Z',
  reviewedAt: null,
  expiresAt: null,
});

it('is kept whole, but for secrets and its length', async () => {
  const trace = `<pre>java.lang.NullPointerException at Foo.java:1, token canary-token-4711</pre>${'x'.repeat(5_000)}`;

  const { result, details } = await failOnce(false, trace);

  const answer = details['providerAnswer'] as { status: number; contentType: string; body: string };
  expect(answer).toMatchObject({ status: 500, contentType: 'text/html' });
  expect(answer.body).toContain('NullPointerException at Foo.java:1');
  expect(answer.body).toHaveLength(2_000);
  expect(JSON.stringify(details)).not.toContain('canary');
  expect(JSON.stringify(result)).not.toMatch(/NullPointer|canary/);
});

it('is not kept of an action that deals in secrets', async () => {
  const { result, details } = await failOnce(true, 'the secret is hunter2');

  expect([result.error?.code, details['code']]).toEqual(['provider_unavailable', 'provider_unavailable']);
  expect(details['providerAnswer']).toBeUndefined();
});
