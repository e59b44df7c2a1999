// What the checks of one run look at: asked for once, when the first check needs it.
import type { CheckOutcome, ConnectorDefinition } from '@inthub/connector-sdk';
import { type Clock, type ConnectionTestResult, isId, type Principal, parseAuthRef } from '@inthub/contracts';
import type { EgressAttempt, ProbeReport, ProbeScope } from '../egress/egress.ts';
import type { Expiry, ExpiryCalendar } from '../events/events.ts';
import type { InstalledIntegration } from '../runtime/runtime.ts';

/** The part of a gateway call that the doctor gives. */
export interface DiagnosticCall {
  readonly principal: Principal;
  readonly integrationId: string;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly traceparent?: string;
  /** Milliseconds. */
  readonly timeoutMs?: number;
  onAttempt(attempt: EgressAttempt): void;
}

/** What the doctor asks of its neighbours; the gateway stands on the same floor, so app hands these in. */
export interface DoctorAsks {
  /** Egress: connects without a request. */
  readonly probe: (scope: ProbeScope) => Promise<ProbeReport>;
  /** The gateway's. @throws HubError when the hub itself refuses. */
  readonly testConnection: (call: DiagnosticCall & { readonly fresh: true }) => Promise<ConnectionTestResult>;
  /** The gateway's. @throws HubError */
  readonly runCheck: (call: DiagnosticCall & { readonly checkId: string }) => Promise<CheckOutcome>;
  readonly expiries: Pick<ExpiryCalendar, 'list'>;
}

export interface Evidence {
  readonly integration: InstalledIntegration;
  /** Undefined while it is not loaded. */
  readonly connector: ConnectorDefinition | undefined;
  readonly clock: Clock;
  /** The endpoint's host, for messages. */
  readonly host: string;
  /** One connection to the endpoint; the same answer every time. */
  probe(): Promise<ProbeReport>;
  /** The first connection test; the same answer every time. */
  test(): Promise<ConnectionTestResult>;
  /** One more connection test, in at most `timeoutMs`. */
  sample(timeoutMs: number): Promise<ConnectionTestResult>;
  check(checkId: string): Promise<CheckOutcome>;
  /** When the credential ends, as far as it tells. */
  credentialEnd(): Promise<Expiry | undefined>;
  /** Requests that the connection tests sent so far, the first 200. */
  readonly requests: readonly EgressAttempt[];
}

const maxRequests = 200;

export interface EvidenceOptions {
  readonly asks: DoctorAsks;
  readonly integration: InstalledIntegration;
  readonly connector: ConnectorDefinition | undefined;
  readonly clock: Clock;
  readonly call: Omit<DiagnosticCall, 'integrationId' | 'timeoutMs' | 'onAttempt'>;
}

export function createEvidence({ asks, integration, connector, clock, call }: EvidenceOptions): Evidence {
  const { config, tenantId, grant } = integration;
  const requests: EgressAttempt[] = [];
  const diagnostic: DiagnosticCall = {
    ...call,
    integrationId: integration.id,
    onAttempt(attempt) {
      if (requests.length < maxRequests) requests.push(attempt);
    },
  };
  const probe = once(() =>
    asks.probe({
      tenantId,
      config,
      allowedHosts: [...(connector?.manifest.egress.hosts ?? []), ...(grant?.networkScope.allowedDomains ?? [])],
      blockedHosts: grant?.networkScope.blockedDomains ?? [],
      signal: call.signal,
    }),
  );
  return {
    integration,
    connector,
    clock,
    host: hostOf(config.endpoint),
    probe,
    test: once(() => asks.testConnection({ ...diagnostic, fresh: true })),
    sample: (timeoutMs) => asks.testConnection({ ...diagnostic, timeoutMs, fresh: true }),
    // A check's own requests say nothing about the connection test's pace.
    check: (checkId) => asks.runCheck({ ...diagnostic, checkId, onAttempt: () => undefined }),
    credentialEnd: async () => {
      if (config.authMode === 'none') return undefined;
      const { items } = await asks.expiries.list(tenantId, { integrationId: ownerOf(integration), limit: 100 });
      return items.find(({ kind }) => kind !== 'tls_certificate' && kind !== 'webhook_secret');
    },
    requests,
  };
}

/** A credential may be borrowed from another integration of the tenant. */
function ownerOf({ id, authRef }: InstalledIntegration): string {
  const ref = authRef === null ? undefined : parseAuthRef(authRef);
  return ref?.scope === 'integrations' && isId(ref.key) ? ref.key : id;
}

function once<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let asked: Promise<Value> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}

function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).host : endpoint.slice(0, 200);
}
