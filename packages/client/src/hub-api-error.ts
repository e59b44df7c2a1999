import type { Problem } from './generated/types.gen.ts';

/** An answer of the hub that is not 2xx, or no answer at all (`status` 0, code `unreachable` or `cancelled`). */
export class HubApiError extends Error {
  override readonly name = 'HubApiError';
  readonly status: number;
  readonly code: string;
  readonly problem: Partial<Problem>;

  constructor(status: number, problem: Partial<Problem>, fallback: string, cause?: unknown) {
    super(problem.detail ?? fallback, cause === undefined ? undefined : { cause });
    this.status = status;
    this.problem = problem;
    this.code = problem.code ?? (status === 0 ? 'unreachable' : 'unknown');
  }
}

/** The problem document in a parsed body; empty when it is something else, such as a proxy's own error page. */
export function readProblem(body: unknown): Partial<Problem> {
  if (typeof body !== 'object' || body === null || body instanceof Error) return {};
  const { code, detail } = body as Partial<Problem>;
  return typeof code === 'string' && typeof detail === 'string' ? (body as Problem) : {};
}
