// The actions that annotations are made of, with what is read of their answers.
import { HubError } from '@inthub/contracts';
import type { ActionCall, ActionOutcome } from '../gateway/gateway.ts';
import type { AnnotationCall } from './annotation-call.ts';
import type { Claims, HeldClaim } from './claims.ts';
import type { ScmProduct } from './scm-product.ts';

export interface FoundComment {
  readonly id: string;
  readonly body: string;
  readonly url: string | null;
}

export interface CheckRunPart {
  readonly status?: string;
  readonly conclusion?: string;
  readonly detailsUrl?: string;
  readonly output?: {
    readonly title: string;
    readonly summary: string;
    readonly text?: string;
    readonly annotations: readonly object[];
  };
}

export interface Target {
  readonly owner: string;
  readonly repository: string;
}

/** One integration's source control. Every method throws the HubError that the gateway gave. */
export interface Scm {
  readonly product: ScmProduct;
  /**
   * Runs `work`, with these calls, while nobody else writes what stands under this key on the pull request. Not to be nested for one key.
   * @throws HubError as `Claims.alone` does, and what `work` throws.
   */
  alone<Result>(target: Target, number: number, key: string, work: (scm: Scm) => Promise<Result>): Promise<Result>;
  /** Of a pull request, oldest first. @throws HubError `conflict` when there are more than `maxPages` pages of them. */
  comments(target: Target, number: number): AsyncIterable<FoundComment>;
  createComment(target: Target, number: number, body: string): Promise<FoundComment>;
  updateComment(target: Target, number: number, commentId: string, body: string): Promise<FoundComment>;
  remark(target: Target, number: number, place: { path: string; line: number }, body: string): Promise<void>;
  setStatus(target: Target, status: object): Promise<{ readonly id: string }>;
  createCheckRun(
    target: Target,
    run: { readonly name: string; readonly headSha: string } & CheckRunPart,
  ): Promise<CheckRun>;
  updateCheckRun(target: Target, id: string, part: CheckRunPart): Promise<CheckRun>;
}

export interface CheckRun {
  readonly id: string;
  readonly url: string | null;
}

/** Comments that are looked through for the hub's own: enough for any discussion that people can read. */
const maxPages = 20;
const pageSize = 100;

export interface ScmDeps {
  readonly execute: (call: ActionCall) => Promise<ActionOutcome>;
  readonly claims: Claims;
  readonly product: ScmProduct;
  readonly integrationId: string;
}

/** @param claim Under which these calls are made; none of them writes a comment once it is lost. */
export function createScm(deps: ScmDeps, call: AnnotationCall, claim?: HeldClaim): Scm {
  const { execute, claims, product, integrationId } = deps;
  const own = (verb: string) => `${product.connectorId}.${verb}`;

  async function run<Result>(action: string, { owner, repository }: Target, params: object): Promise<Result> {
    const outcome = await execute({ ...call, integrationId, action, params: { owner, repo: repository, ...params } });
    if (outcome.error !== undefined) throw outcome.error;
    return outcome.result.data as Result;
  }

  return {
    product,
    alone(target, number, key, work) {
      // None of the products tells names by their case.
      const repository = `${target.owner}/${target.repository}`.toLowerCase();
      const place = ['comment', repository, number, key];
      return claims.alone(call, integrationId, place, (held) =>
        work(createScm(deps, { ...call, signal: held.signal }, held)),
      );
    },
    async *comments(target, number) {
      let cursor: string | null = null;
      for (let page = 0; page < maxPages; page += 1) {
        const found: { items: FoundComment[]; nextCursor: string | null } = await run(own('comment.list'), target, {
          number,
          limit: pageSize,
          ...(cursor === null ? {} : { cursor }),
        });
        yield* found.items;
        cursor = found.nextCursor;
        if (cursor === null) return;
      }
      throw new HubError('conflict', `The pull request has more than ${maxPages * pageSize} comments; name commentId.`);
    },
    async createComment(target, number, body) {
      claim?.check();
      return run(own('comment.create'), target, { number, body });
    },
    async updateComment(target, number, commentId, body) {
      claim?.check();
      const place = product.commentNeedsNumber ? { number, commentId } : { commentId };
      return run(own('comment.update'), target, { ...place, body });
    },
    async remark(target, number, { path, line }, body) {
      claim?.check();
      await run('pr.comment', target, { number, path, line, body });
    },
    setStatus: (target, status) => run('status.create', target, status),
    createCheckRun: (target, checkRun) => run(own('check_run.create'), target, checkRun),
    updateCheckRun: (target, id, part) => run(own('check_run.update'), target, { checkRunId: id, ...part }),
  };
}
