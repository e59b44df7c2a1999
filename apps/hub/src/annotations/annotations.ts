import {
  type Clock,
  type FindingsRequest,
  type FindingsResult,
  HubError,
  isId,
  type KeptAnnotation,
  type Page,
  type ScmCheckRunRequest,
  type ScmCommentRequest,
  type ScmOperation,
  type ScmOperationResult,
  type ScmStatusRequest,
  type TenantId,
} from '@inthub/contracts';
import type { ActionCall, ActionOutcome } from '../gateway/gateway.ts';
import type { InstalledIntegration } from '../runtime/runtime.ts';
import type { Log, Metrics } from '../telemetry/telemetry.ts';
import type { AnnotationCall } from './annotation-call.ts';
import { buildPayload } from './build-payload.ts';
import { createClaims } from './claims.ts';
import { findingsOfSarif } from './findings.ts';
import { createKeptAnnotations, type KeptAnnotationsDeps } from './kept-annotations.ts';
import { failed, posted } from './operation-result.ts';
import { postCheckRun } from './post-check-run.ts';
import { postComment } from './post-comment.ts';
import { postStatus } from './post-status.ts';
import { createScm, type Scm } from './scm-calls.ts';
import { findScmProduct, scmProducts } from './scm-product.ts';

export type { AnnotationCall } from './annotation-call.ts';

/**
 * Comments, statuses and check runs on pull requests and commits, the same over every source-control product (ANN, BEY-12).
 *
 * A failure of the provider is a result, not an error: a pipeline goes on without its comment. Thrown is only what the caller has to
 * change: `not_found`, `forbidden`, `not_granted`, `grant_expired`, `integration_inactive`, `invalid_request`.
 */
export interface Annotations {
  postComment(call: AnnotationCall, integrationId: string, request: ScmCommentRequest): Promise<ScmOperationResult>;
  postStatus(call: AnnotationCall, integrationId: string, request: ScmStatusRequest): Promise<ScmOperationResult>;
  createCheckRun(call: AnnotationCall, integrationId: string, request: ScmCheckRunRequest): Promise<ScmOperationResult>;
  /** Findings or a SARIF log as comment, status and check run. */
  publishFindings(call: AnnotationCall, integrationId: string, request: FindingsRequest): Promise<FindingsResult>;
  /** What was not sent because the hub was offline, newest first. */
  listKept(
    tenantId: TenantId,
    integrationId: string,
    query: { readonly state?: KeptAnnotation['state']; readonly cursor?: string; readonly limit: number },
  ): Promise<Page<KeptAnnotation>>;
  /** @throws HubError `not_found` */
  getKept(tenantId: TenantId, integrationId: string, keptId: string): Promise<KeptAnnotation>;
  /** Sends it now. One that is sent already is not sent again. @throws HubError `not_found`, `conflict` */
  postKept(call: AnnotationCall, integrationId: string, keptId: string): Promise<ScmOperationResult>;
  /** Removes it, sent or not. @throws HubError `not_found` */
  removeKept(call: AnnotationCall, integrationId: string, keptId: string): Promise<void>;
}

export interface AnnotationsDeps extends KeptAnnotationsDeps {
  /** @throws HubError `not_found` */
  readonly find: (tenantId: TenantId, integrationId: string) => InstalledIntegration | Promise<InstalledIntegration>;
  readonly execute: (call: ActionCall) => Promise<ActionOutcome>;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
}

type Requests = { comment: ScmCommentRequest; status: ScmStatusRequest; check_run: ScmCheckRunRequest };
const post: {
  [Operation in ScmOperation]: (
    scm: Scm,
    request: Requests[Operation],
    comment?: string,
  ) => Promise<Parameters<typeof posted>[0]>;
} = {
  comment: async (scm, request) => ({ ...(await postComment(scm, request)), via: 'comment', annotations: 0 }),
  status: postStatus,
  check_run: postCheckRun,
};

/** The caller has to change something: told as an error, like everywhere else. */
const thrown = new Set([
  'not_found',
  'forbidden',
  'not_granted',
  'grant_expired',
  'integration_inactive',
  'invalid_request',
  'unknown_action',
]);

export function createAnnotations(deps: AnnotationsDeps): Annotations {
  const { find, execute, metrics, clock, log } = deps;
  const claims = createClaims(deps);
  const kept = createKeptAnnotations(deps, claims);

  async function open(call: AnnotationCall, integrationId: string): Promise<Scm> {
    if (!isId(integrationId)) throw new HubError('not_found', 'There is no such integration.');
    const { connectorId, type, id } = await find(call.principal.tenantId, integrationId);
    const product = findScmProduct(connectorId);
    if (product !== undefined && type.startsWith('scm.')) {
      return createScm({ execute, claims, product, integrationId: id }, call);
    }
    const known = scmProducts.map(({ connectorId: name }) => `scm.${name}`).join(', ');
    throw new HubError(
      'invalid_request',
      `Annotations go to source control; ${type} takes none. Types that do: ${known}.`,
    );
  }

  /**
   * @param keep An offline hub keeps the payload; not when it was kept already.
   * @param comment What a check run says in a comment where there are no check runs; default a table of its annotations.
   */
  async function run<Operation extends ScmOperation>(
    call: AnnotationCall,
    integrationId: string,
    operation: Operation,
    request: Requests[Operation],
    keep: boolean,
    comment?: string,
  ): Promise<ScmOperationResult> {
    const scm = await open(call, integrationId);
    const provider = scm.product.connectorId;
    const startedMs = clock.monotonicMs();
    /** Every attempt at a product counts, also one that the caller has to change; what never reached one has no provider. */
    const count = (status: 'success' | 'failure' | 'skipped_offline') => {
      metrics.annotations.inc({ provider, operation, status });
      metrics.annotationSeconds.observe({ provider, operation }, (clock.monotonicMs() - startedMs) / 1000);
    };
    const fields = { integrationId, provider, operation, requestId: call.requestId, ...targetOf(request) };
    try {
      const result = posted(await post[operation](scm, request, comment));
      count('success');
      log.info(fields, 'annotation posted');
      return result;
    } catch (error) {
      const known = HubError.from(error, 'internal');
      const isOffline = known.code === 'offline';
      count(isOffline ? 'skipped_offline' : 'failure');
      if (known.code === 'cancelled' || thrown.has(known.code)) throw known;
      log.warn({ ...fields, code: known.code, blame: known.blame }, 'annotation not posted');
      const keptId = isOffline && keep ? await kept.keep(call, integrationId, operation, request) : null;
      return failed(known, { isOffline, keptId });
    }
  }

  return {
    postComment: (call, id, request) => run(call, id, 'comment', request, true),
    postStatus: (call, id, request) => run(call, id, 'status', request, true),
    createCheckRun: (call, id, request) => run(call, id, 'check_run', request, true),

    async publishFindings(call, id, request) {
      const findings = request.findings ?? findingsOfSarif(request.sarif);
      const payload = buildPayload(request, findings);
      const publish = new Set(request.publish ?? ['comment', 'status', 'check_run']);
      // One after the other: they are for one commit, and providers ask not to be written to in parallel.
      const checkRun = publish.has('check_run')
        ? await run(call, id, 'check_run', payload.checkRun, true, payload.comment?.body)
        : null;
      const hasStatus = checkRun?.result?.via === 'status' || checkRun?.result?.via === 'status_and_comment';
      const status = publish.has('status') && !hasStatus ? await run(call, id, 'status', payload.status, true) : null;
      const hasComment = checkRun?.result?.via === 'status_and_comment';
      const comment =
        publish.has('comment') && payload.comment !== null && !hasComment
          ? await run(call, id, 'comment', payload.comment, true)
          : null;
      return {
        comment: hasComment && publish.has('comment') ? checkRun : comment,
        status: hasStatus && publish.has('status') ? checkRun : status,
        checkRun,
        findings: findings.length,
        bySeverity: payload.bySeverity,
      };
    },

    async listKept(tenantId, id, query) {
      if (!isId(id)) throw new HubError('not_found', 'There is no such integration.');
      await find(tenantId, id);
      return kept.list(tenantId, id, query);
    },
    getKept: kept.get,
    postKept: (call, id, keptId) =>
      kept.post(call, id, keptId, (operation, request) => run(call, id, operation, request as never, false)),
    removeKept: kept.remove,
  };
}

function targetOf(request: Requests[ScmOperation]): object {
  if ('commitSha' in request) return { commitSha: request.commitSha };
  return 'headSha' in request ? { commitSha: request.headSha } : { prNumber: request.pullRequestNumber };
}
