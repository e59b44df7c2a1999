import { type ActionContext, numberedPages, type TaskComment } from '@inthub/connector-sdk';
import type { Page } from '@inthub/contracts';
import { browseUrl, fromBody, toBody, userIdOf } from './deployment.ts';
import { issuePath, requireTime } from './issues.ts';
import type { PageRequest } from './projects.ts';
import { Comment, CommentPage } from './schema.ts';

export async function listComments(
  { taskId, cursor, limit = 50 }: PageRequest & { taskId: string },
  ctx: ActionContext,
): Promise<Page<TaskComment>> {
  return numberedPages({
    cursor,
    limit,
    maxPageSize: 100,
    fetch: async ({ number, size }) => {
      const startAt = (number - 1) * size;
      const query = { startAt, maxResults: size, orderBy: 'created' };
      const { comments, total } = await (await ctx.http.get(issuePath(taskId, '/comment', ctx), { query })).json(
        CommentPage,
      );
      return {
        items: comments.map((comment) => toComment(comment, taskId, ctx)),
        hasNext: comments.length > 0 && startAt + comments.length < total,
      };
    },
  });
}

export async function addComment(
  { taskId, body }: { taskId: string; body: string },
  ctx: ActionContext,
): Promise<TaskComment> {
  const response = await ctx.http.post(issuePath(taskId, '/comment', ctx), { json: { body: toBody(body, ctx) } });
  return toComment(await response.json(Comment), taskId, ctx);
}

function toComment({ id, body, author, created, updated }: Comment, taskId: string, ctx: ActionContext): TaskComment {
  return {
    id,
    body: fromBody(body),
    author: userIdOf(author),
    authorName: author?.displayName ?? null,
    createdAt: requireTime(created),
    updatedAt: updated ? requireTime(updated) : null,
    // Jira opens issues by their key only.
    url: /^\d+$/.test(taskId) ? null : `${browseUrl(taskId, ctx)}?focusedCommentId=${encodeURIComponent(id)}`,
  };
}
