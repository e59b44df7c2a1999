// Evidence made by hand, for tests of single checks; shipped code never imports this.
import type { ConnectorDefinition, ConnectorOptions } from '@inthub/connector-sdk';
import { type ConnectionTestResult, createId, type TenantId } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import type { EgressAttempt, ProbeReport } from '../egress/egress.ts';
import type { Expiry } from '../events/events.ts';
import type { InstalledIntegration } from '../runtime/runtime.ts';
import { createSampleConnector, sampleManifest } from '../runtime/testing.ts';
import type { Evidence } from './evidence.ts';

export const now = new Date('2026-11-21T10:00:00Z');

export interface EvidenceParts {
  readonly config?: Partial<InstalledIntegration['config']>;
  readonly grant?: InstalledIntegration['grant'];
  readonly connector?: Partial<Omit<ConnectorOptions, 'manifest'>> & {
    manifest?: Partial<ConnectorOptions['manifest']>;
  };
  readonly probe?: Partial<ProbeReport> | Error;
  readonly test?: Partial<ConnectionTestResult> | Error;
  /** When the credential ends. */
  readonly credentialEnd?: Pick<Expiry, 'kind' | 'expiresAt' | 'daysLeft'>;
  /** Answers of further tests, in turn; the last one repeats. */
  readonly samples?: readonly (Partial<ConnectionTestResult> | Error)[];
  /** Requests that every test sends. */
  readonly requests?: readonly Partial<EgressAttempt>[];
}

export function createTestEvidence(parts: EvidenceParts = {}): Evidence & { readonly sampled: () => number } {
  const clock = createFakeClock(now);
  const requests: EgressAttempt[] = [];
  const samples = [...(parts.samples ?? [])];
  let sampled = 0;
  const connector: ConnectorDefinition = createSampleConnector(parts.connector);
  const result = (given: Partial<ConnectionTestResult> | Error | undefined): ConnectionTestResult => {
    if (given instanceof Error) throw given;
    requests.push(...(parts.requests ?? []).map(attempt));
    return { success: true, message: 'It answers.', latencyMs: 20, details: {}, ...given };
  };
  let tested: Promise<ConnectionTestResult> | undefined;
  const endpoint = parts.config?.endpoint ?? 'https://registry.example.com';
  return {
    integration: {
      id: createId(),
      tenantId: createId<TenantId>(),
      name: 'Main registry',
      type: 'registry.sample',
      connectorId: sampleManifest.id,
      connectorVersion: '1.0.0',
      status: 'active',
      config: { authMode: 'token', ...parts.config, endpoint },
      authRef: null,
      features: { syncEnabled: false, webhooksEnabled: false, streamingEnabled: true },
      rateLimits: {},
      grant: parts.grant ?? null,
      version: 1,
    },
    connector,
    clock,
    host: new URL(endpoint).host,
    async probe() {
      if (parts.probe instanceof Error) throw parts.probe;
      const plain = { host: 'registry.example.com', proxy: null, reached: 'endpoint', address: '203.0.113.7' } as const;
      return { ...plain, loopback: false, connectMs: 3, tls: null, ...parts.probe };
    },
    test() {
      tested ??= (async () => result(parts.test))();
      return tested;
    },
    async sample() {
      sampled += 1;
      return result(samples.length > 1 ? samples.shift() : samples[0]);
    },
    check: async () => ({ status: 'pass', message: 'Fine.' }),
    credentialEnd: async () =>
      parts.credentialEnd && {
        ...parts.credentialEnd,
        subjectId: createId(),
        integrationId: createId(),
        connectorId: sampleManifest.id,
      },
    requests,
    sampled: () => sampled,
  };
}

function attempt(given: Partial<EgressAttempt>): EgressAttempt {
  return {
    method: 'GET',
    host: 'registry.example.com',
    path: '/v2/',
    attempt: 1,
    purpose: 'action',
    status: 200,
    errorCode: null,
    durationMs: 10,
    requestBytes: 0,
    responseBytes: 0,
    ...given,
  };
}
