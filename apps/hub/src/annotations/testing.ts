/** A source control in memory behind the actions that annotations are made of, for the room's tests. */
import { type ErrorCode, HubError } from '@inthub/contracts';
import type { ActionCall, ActionOutcome } from '../gateway/gateway.ts';

export interface FakeScm {
  execute(call: ActionCall): Promise<ActionOutcome>;
  readonly comments: { id: string; body: string; url: string; line?: number }[];
  readonly statuses: Record<string, unknown>[];
  readonly checkRuns: { id: string; annotations: number; params: Record<string, unknown> }[];
  readonly calls: string[];
  /** Actions that fail from now on, with this code. */
  readonly failing: Map<string, ErrorCode>;
}

export function createFakeScm(product: 'github' | 'gitlab' | 'gitea'): FakeScm {
  const scm: Omit<FakeScm, 'execute'> = { comments: [], statuses: [], checkRuns: [], calls: [], failing: new Map() };
  let next = 1;

  function answer(action: string, params: Record<string, unknown>): unknown {
    switch (action) {
      case `${product}.comment.list`: {
        const at = Number(params['cursor'] ?? 0);
        const end = at + 2;
        return { items: scm.comments.slice(at, end), nextCursor: end < scm.comments.length ? String(end) : null };
      }
      case `${product}.comment.create`:
      case 'pr.comment': {
        const line = params['line'] as number | undefined;
        const id = String(next++);
        const comment = {
          id,
          body: String(params['body']),
          url: `https://scm.test/${id}`,
          ...(line === undefined ? {} : { line }),
        };
        scm.comments.push(comment);
        return comment;
      }
      case `${product}.comment.update`: {
        const found = scm.comments.find(({ id }) => id === params['commentId']);
        if (found === undefined) throw new HubError('provider_not_found');
        if (product === 'gitlab' && params['number'] === undefined)
          throw new HubError('invalid_request', 'number is missing');
        found.body = String(params['body']);
        return found;
      }
      case 'status.create':
        scm.statuses.push(params);
        return { id: String(next++) };
      case `${product}.check_run.create`: {
        if (product !== 'github') throw new HubError('unknown_action');
        const output = params['output'] as { annotations: unknown[] };
        const run = { id: String(next++), annotations: output.annotations.length, params };
        scm.checkRuns.push(run);
        return { id: run.id, url: 'https://scm.test/run' };
      }
      case `${product}.check_run.update`: {
        const run = scm.checkRuns.find(({ id }) => id === params['checkRunId']);
        const { annotations } = params['output'] as { annotations: unknown[] };
        if (run === undefined || annotations.length > 50) throw new HubError('provider_rejected');
        run.annotations += annotations.length;
        return { id: run.id, url: 'https://scm.test/run' };
      }
      default:
        throw new HubError('unknown_action', action);
    }
  }

  return {
    ...scm,
    async execute({ action, params }) {
      scm.calls.push(action);
      const metadata = { durationMs: 1, apiCalls: 1, cached: false };
      try {
        const code = scm.failing.get(action) ?? scm.failing.get('*');
        if (code !== undefined) throw new HubError(code);
        return { result: { success: true, data: answer(action, params as Record<string, unknown>), metadata } };
      } catch (thrown) {
        const error = HubError.from(thrown, 'internal');
        const { code, message, retryable } = error;
        return { error, result: { success: false, data: null, error: { code, message, retryable }, metadata } };
      }
    },
  };
}
