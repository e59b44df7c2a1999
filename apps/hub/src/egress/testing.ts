import { setTimeout as wait } from 'node:timers/promises';
import type { AuthMethod, AuthScheme, HttpClient } from '@inthub/connector-sdk';
import type { CredentialMaterial, HubError, IntegrationConfig } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import { createEgress, type Egress, type EgressAttempt, type EgressOptions, type EgressScope } from './egress.ts';

export interface TestEgress {
  readonly egress: Egress;
  readonly clock: FakeClock;
  /** Every attempt that clients of `client` were told about. */
  readonly attempts: EgressAttempt[];
  readonly warnings: string[];
  /** A client for an endpoint; the deadline is 30 s away unless the scope says otherwise. */
  client(endpoint: string, overrides?: ClientOverrides): HttpClient;
}

export interface ClientOverrides extends Partial<Omit<EgressScope, 'auth' | 'config' | 'credential'>> {
  readonly config?: Partial<IntegrationConfig>;
  readonly scheme?: AuthScheme;
  readonly auth?: Partial<AuthMethod>;
  readonly material?: CredentialMaterial;
  readonly credential?: NonNullable<EgressScope['credential']>;
}

/** An egress on a clock that stands still, which may reach 127.0.0.1, and whose retries wait exactly 1, 2 and 4 s. */
export function createTestEgress(options: Partial<Omit<EgressOptions, 'clock'>> = {}): TestEgress {
  const clock = createFakeClock();
  const attempts: EgressAttempt[] = [];
  const warnings: string[] = [];
  const egress = createEgress({
    policy: { allow: ['127.0.0.1'] },
    log: { warn: (_fields, message) => warnings.push(message) },
    random: () => 0.5,
    version: '1.2.3',
    ...options,
    clock,
  });
  return {
    egress,
    clock,
    attempts,
    warnings,
    client(endpoint, { config, scheme = { scheme: 'none' as const }, auth, material, ...scope } = {}) {
      return egress.client({
        tenantId: 'tenant-1',
        integrationId: 'integration-1',
        connectorId: 'test',
        config: { endpoint, authMode: 'token', ...config },
        allowedHosts: [],
        blockedHosts: [],
        auth: { mode: 'token', kind: material?.kind ?? null, title: 'Test', help: 'Test', apply: scheme, ...auth },
        ...(material === undefined
          ? {}
          : { credential: { open: async () => ({ material, fingerprint: 'fingerprint-1' }) } }),
        signal: new AbortController().signal,
        deadlineMs: clock.monotonicMs() + 30_000,
        onAttempt: (attempt) => attempts.push(attempt),
        ...scope,
      });
    },
  };
}

/** The HubError that a promise fails with; throws when it does not fail. */
export async function failure(promise: Promise<unknown>): Promise<HubError> {
  try {
    await promise;
  } catch (error) {
    return error as HubError;
  }
  throw new Error('Expected a failure, but it succeeded');
}

/** Waits until something that depends on real sockets has come about. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 10_000; tries += 1) {
    if (condition()) return;
    await wait(1);
  }
  throw new Error(`Did not come about: ${condition.toString()}`);
}

/** Lets a request's retries pass: whenever it sleeps beside the deadline watch, time moves by what it asked for. */
export async function passRetries<Value>(promise: Promise<Value>, clock: FakeClock): Promise<Value> {
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  watched.catch(() => {}); // the caller sees it
  while (!settled) {
    await wait(1);
    if (!settled && clock.sleeping > 1 && clock.nextDueMs !== undefined) await clock.advance(clock.nextDueMs);
  }
  return watched;
}
