import {
  type Clock,
  createId,
  type DoctorReport,
  HubError,
  isId,
  type Page,
  type Principal,
  type TenantId,
} from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import { cursorKind, type Database, pageByTime } from '../database/database.ts';
import type { ConnectorRegistry, InstalledIntegration } from '../runtime/runtime.ts';
import type { Log } from '../telemetry/telemetry.ts';
import { authentication } from './checks/authentication.ts';
import { authorization } from './checks/authorization.ts';
import { connectivity } from './checks/connectivity.ts';
import { connectorChecks } from './checks/connector-checks.ts';
import { latency } from './checks/latency.ts';
import { rateLimit } from './checks/rate-limit.ts';
import { tls } from './checks/tls.ts';
import { version } from './checks/version.ts';
import { createEvidence, type DoctorAsks } from './evidence.ts';
import type { DoctorCheck } from './finding.ts';
import { overallStatus } from './overall-status.ts';
import { deleteOldReports, insertReport, selectReports } from './report-repository.ts';
import { type CheckRun, runChecks } from './run-checks.ts';

export type { DiagnosticCall, DoctorAsks } from './evidence.ts';

/** Looks an integration over and says what is wrong and how to mend it. Changes nothing but its own history. */
export interface Doctor {
  /**
   * Runs every check and keeps the report. What it finds moves neither lifecycle nor health: it may be run at any time, by anybody
   * who may test.
   * @throws HubError `not_found`, `conflict` while one is under way for this integration, `rate_limited` and `unavailable` while
   * too many are, of the tenant or in all, `cancelled` when the caller goes away (nothing is kept then).
   */
  run(
    acting: { readonly principal: Principal; readonly requestId: string },
    integrationId: string,
    call: { readonly signal: AbortSignal; readonly traceparent?: string },
  ): Promise<DoctorReport>;
  /** Reports kept, newest first; at most 100 for an integration. @throws HubError `not_found`, `invalid_cursor` */
  history(
    tenantId: TenantId,
    integrationId: string,
    page: { readonly cursor?: string; readonly limit: number },
  ): Promise<Page<DoctorReport>>;
}

export interface DoctorDeps extends DoctorAsks {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: Pick<ConnectorRegistry, 'find'>;
  /** The integration with its grant. @throws HubError `not_found` */
  readonly find: (tenantId: TenantId, integrationId: string) => Promise<InstalledIntegration>;
  readonly redact: (value: unknown, tenantId: string) => unknown;
}

const standardChecks: readonly DoctorCheck[] = [
  connectivity,
  tls,
  authentication,
  authorization,
  version,
  rateLimit,
  latency,
];
const timeLimitMs = 60_000;
const keptReports = 100;
const maxRunning = 16;
/** One tenant leaves room for others. */
const maxRunningPerTenant = 4;

export function createDoctor(deps: DoctorDeps): Doctor {
  const { database, audit, clock, log, registry, find, redact } = deps;
  /** Integration → tenant. */
  const running = new Map<string, TenantId>();

  async function findExisting(tenantId: TenantId, integrationId: string): Promise<InstalledIntegration> {
    if (!isId(integrationId)) throw new HubError('not_found', 'There is no such integration.');
    return find(tenantId, integrationId);
  }

  async function check(
    acting: Parameters<Doctor['run']>[0],
    integration: InstalledIntegration,
    call: Parameters<Doctor['run']>[2],
  ): Promise<CheckRun[]> {
    const connector = registry.find(integration.connectorId)?.definition;
    const timer = new AbortController();
    const timeUp = new AbortController();
    clock.sleep(timeLimitMs, timer.signal).then(
      () => timeUp.abort(),
      () => undefined,
    );
    try {
      const evidence = createEvidence({
        asks: deps,
        integration,
        connector,
        clock,
        call: { ...acting, ...call, signal: AbortSignal.any([call.signal, timeUp.signal]) },
      });
      return await runChecks({
        checks: [...standardChecks, ...connectorChecks(connector)],
        evidence,
        clock,
        log,
        redact: (value) => redact(value, integration.tenantId),
        caller: call.signal,
        timeUp: timeUp.signal,
        timeLimitMs,
      });
    } finally {
      timer.abort();
    }
  }

  async function keep(
    { principal, requestId }: Parameters<Doctor['run']>[0],
    { id, name }: InstalledIntegration,
    report: DoctorReport,
  ): Promise<void> {
    await database.tenant(principal.tenantId, async (tx) => {
      await insertReport(tx, report);
      await deleteOldReports(tx, id, keptReports);
      await audit.append(tx, {
        actor: { kind: principal.kind, id: principal.id, name: principal.name },
        action: 'integration.doctor',
        target: { type: 'integration', id, name },
        outcome: 'success',
        requestId,
        details: {
          reportId: report.id,
          overallStatus: report.overallStatus,
          checks: report.checks.map(({ checkType, status }) => ({ checkType, status })),
        },
      });
    });
  }

  return {
    async run(acting, integrationId, call) {
      const { tenantId } = acting.principal;
      const integration = await findExisting(tenantId, integrationId);
      if (running.has(integration.id)) {
        throw new HubError('conflict', 'The doctor is at work on this integration; its report will be in the history.');
      }
      if ([...running.values()].filter((owner) => owner === tenantId).length >= maxRunningPerTenant) {
        const message = `The doctor is at work on ${maxRunningPerTenant} integrations of this tenant, which is all it does at once.`;
        throw new HubError('rate_limited', message, { retryAfterMs: 5_000 });
      }
      if (running.size >= maxRunning) {
        const message = `The doctor is at work on ${maxRunning} integrations, which is all it does at once.`;
        throw new HubError('unavailable', message, { retryAfterMs: 5_000 });
      }
      running.set(integration.id, tenantId);
      try {
        const runs = await check(acting, integration, call);
        const report: DoctorReport = {
          id: createId(),
          integrationId: integration.id,
          overallStatus: overallStatus(runs),
          checks: runs.map(({ skipped: _, ...result }) => result),
          generatedAt: clock.now().toISOString(),
        };
        await keep(acting, integration, report);
        return report;
      } finally {
        running.delete(integration.id);
      }
    },

    async history(tenantId, integrationId, { cursor, limit }) {
      const { id } = await findExisting(tenantId, integrationId);
      const kind = cursorKind('doctor', { integrationId: id });
      return pageByTime(kind, { cursor, limit, timeOf: ({ generatedAt }) => generatedAt }, ({ after, take }) =>
        database.tenant(tenantId, (tx) =>
          selectReports(tx, id, {
            limit: take,
            ...(after === undefined ? {} : { after: { generatedAt: after.at, id: after.id } }),
          }),
        ),
      );
    },
  };
}
