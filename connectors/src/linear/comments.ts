import { type ActionContext, decodeCursor, eachPage, encodeCursor, type TaskComment } from '@inthub/connector-sdk';
import type { Page } from '@inthub/contracts';
import Type from 'typebox';
import { ask } from './api.ts';
import { requireTime } from './issues.ts';
import { type PageRequest, pageVariables, toPage } from './pages.ts';
import { type Comment, Comments, CreatedComment } from './schema.ts';

/** 2 500 comments; nobody reads an issue with more. */
const maxPages = 25;
const Position = Type.Object({ offset: Type.Integer({ minimum: 1 }) }, { additionalProperties: false });

/** Oldest first. Linear does not promise a direction of its pages, so they are read to the end and sorted. */
export async function listComments(
  { taskId, cursor, limit = 50 }: PageRequest & { taskId: string },
  ctx: ActionContext,
): Promise<Page<TaskComment>> {
  const offset = cursor === undefined ? 0 : decodeCursor(Position, cursor).offset;
  const all: Comment[] = [];
  const pages = eachPage({
    maxPages,
    signal: ctx.signal,
    fetch: async (next) => {
      const variables = { id: taskId, ...pageVariables({ cursor: next, limit: 100 }) };
      const { issue } = await ask('Comments', variables, Comments, ctx);
      return toPage(issue.comments, (comment) => comment);
    },
  });
  for await (const page of pages) all.push(...page);
  const sorted = all
    .map(toComment)
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0));
  const end = offset + limit;
  return { items: sorted.slice(offset, end), nextCursor: end < sorted.length ? encodeCursor({ offset: end }) : null };
}

export async function addComment(
  { taskId, body }: { taskId: string; body: string },
  ctx: ActionContext,
): Promise<TaskComment> {
  const { commentCreate } = await ask('CreateComment', { input: { issueId: taskId, body } }, CreatedComment, ctx);
  return toComment(commentCreate.comment);
}

function toComment({ id, body, user, createdAt, updatedAt, url }: Comment): TaskComment {
  return {
    id,
    body,
    author: user?.id ?? null,
    authorName: user?.displayName ?? null,
    createdAt: requireTime(createdAt),
    updatedAt: requireTime(updatedAt),
    url: url ?? null,
  };
}
