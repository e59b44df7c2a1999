/** Comments of issues and pull requests, as annotations need them: found again, changed, never doubled. */
import { type Comment, defineAction } from '@inthub/connector-sdk';
import Type, { type Static } from 'typebox';
import { call, listPage } from './api.ts';
import { commentIdField, commentOutput, pageFields, repositoryFields, scopes } from './own-fields.ts';
import { loginOf } from './people.ts';
import { CommentFields, Comments } from './schema.ts';
import { timestamp } from './timestamp.ts';

export function toComment(comment: Static<typeof CommentFields>): Comment {
  return {
    id: String(comment.id),
    body: comment.body ?? '',
    author: loginOf(comment.user),
    createdAt: timestamp(comment.created_at),
    updatedAt: timestamp(comment.updated_at),
    url: comment.html_url ?? null,
  };
}

const closed = { additionalProperties: false };
const number = Type.Integer({ minimum: 1, title: 'Number', description: 'Of the issue or pull request.' });
/** GitHub refuses more than this (the limit of MySQL's medium text in characters, told in the 422 as 65536). */
const body = Type.String({ minLength: 1, maxLength: 65_536, title: 'Body', description: 'GitHub Flavored Markdown.' });
const dataScope = { project: { join: ['/owner', '/repo'] }, dataTypes: ['issues'], containsPii: true } as const;

export const commentActions = [
  defineAction({
    id: 'github.comment.list',
    title: 'List comments',
    description: 'Comments of an issue or pull request, oldest first; comments on lines are not among them.',
    input: Type.Object({ ...repositoryFields, number, ...pageFields }, closed),
    output: Type.Object({ items: Type.Array(commentOutput), nextCursor: Type.Union([Type.String(), Type.Null()]) }),
    dataScope,
    requiredScopes: scopes.discuss,
    safe: true,
    weight: 5,
    run: async ({ owner, repo, number: issue_number, ...page }, ctx) =>
      listPage(
        'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
        { owner, repo, issue_number },
        page,
        async (response) => (await response.json(Comments)).map(toComment),
        ctx,
      ),
  }),
  defineAction({
    id: 'github.comment.create',
    title: 'Add a comment',
    description: 'Adds a comment to an issue or pull request.',
    input: Type.Object({ ...repositoryFields, number, body }, closed),
    output: commentOutput,
    dataScope,
    requiredScopes: scopes.discuss,
    safe: false,
    run: async ({ owner, repo, number: issue_number, body: text }, ctx) => {
      const parameters = { owner, repo, issue_number, body: text };
      const response = await call('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', parameters, ctx);
      return toComment(await response.json(CommentFields));
    },
  }),
  defineAction({
    id: 'github.comment.update',
    title: 'Change a comment',
    description: 'Replaces the text of a comment.',
    input: Type.Object({ ...repositoryFields, commentId: commentIdField, body }, closed),
    output: commentOutput,
    dataScope,
    requiredScopes: scopes.discuss,
    safe: false,
    run: async ({ owner, repo, commentId, body: text }, ctx) => {
      const parameters = { owner, repo, comment_id: Number(commentId), body: text };
      const response = await call('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', parameters, ctx);
      return toComment(await response.json(CommentFields));
    },
  }),
];
