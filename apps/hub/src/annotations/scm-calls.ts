// The actions that annotations are made of, with what is read of their answers.
import { HubError, type Principal } from '@inthub/contracts';
import type { ActionCall, ActionOutcome } from '../gateway/gateway.ts';
import type { ScmProduct } from './scm-product.ts';

/** Who posts, and on whose time. */
export interface AnnotationCall {
  readonly principal: Principal;
  readonly requestId: string;
  readonly signal?: AbortSignal;
  readonly traceparent?: string;
}

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
  /** Of a pull request, oldest first, up to `pages` pages. */
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

export function createScm(
  execute: (call: ActionCall) => Promise<ActionOutcome>,
  product: ScmProduct,
  integrationId: string,
  call: AnnotationCall,
): Scm {
  const own = (verb: string) => `${product.connectorId}.${verb}`;

  async function run<Result>(action: string, { owner, repository }: Target, params: object): Promise<Result> {
    const outcome = await execute({ ...call, integrationId, action, params: { owner, repo: repository, ...params } });
    if (outcome.error !== undefined) throw outcome.error;
    return outcome.result.data as Result;
  }

  return {
    product,
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
    createComment: (target, number, body) => run(own('comment.create'), target, { number, body }),
    updateComment: (target, number, commentId, body) =>
      run(
        own('comment.update'),
        target,
        product.commentNeedsNumber ? { number, commentId, body } : { commentId, body },
      ),
    async remark(target, number, { path, line }, body) {
      await run('pr.comment', target, { number, path, line, body });
    },
    setStatus: (target, status) => run('status.create', target, status),
    createCheckRun: (target, checkRun) => run(own('check_run.create'), target, checkRun),
    updateCheckRun: (target, id, part) => run(own('check_run.update'), target, { checkRunId: id, ...part }),
  };
}
