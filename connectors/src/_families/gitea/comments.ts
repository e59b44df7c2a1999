/** Comments of issues and pull requests, as annotations need them: found again, changed, never doubled. */
import { type AnyAction, type Comment, defineAction, sourceControlActionSpecs } from '@inthub/connector-sdk';
import Type, { type Static } from 'typebox';
import { listWhole, path } from './api.ts';
import { loginOf, timestamp } from './people.ts';
import type { GiteaProduct } from './product.ts';
import { CommentFields, Comments } from './schema.ts';
import { scopes } from './scopes.ts';

export function toComment(comment: Static<typeof CommentFields>): Comment {
  return {
    id: String(comment.id),
    body: comment.body ?? '',
    author: loginOf(comment.user),
    createdAt: timestamp(comment.created_at),
    updatedAt: timestamp(comment.updated_at),
    url: comment.html_url || null,
  };
}

const closed = { additionalProperties: false };
const { owner, repo } = sourceControlActionSpecs['repo.get'].input.properties;
const repository = { owner, repo };
const { cursor, limit } = sourceControlActionSpecs['branch.list'].input.properties;
const output = sourceControlActionSpecs['pr.comment'].output;
const number = Type.Integer({ minimum: 1, title: 'Number', description: 'Of the issue or pull request.' });
const commentId = Type.String({ pattern: '^[1-9]\\d{0,14}$', title: 'Comment' });
/** The category's own bound; Gitea documents none. */
const body = Type.String({ minLength: 1, maxLength: 1_048_576, title: 'Body', description: 'Markdown.' });
const dataScope = { project: { join: ['/owner', '/repo'] }, dataTypes: ['issues'], containsPii: true } as const;

export function commentActions({ id }: GiteaProduct): AnyAction[] {
  return [
    defineAction({
      id: `${id}.comment.list`,
      title: 'List comments',
      description: 'Comments of an issue or pull request, oldest first; comments on lines are not among them.',
      input: Type.Object({ ...repository, number, cursor, limit }, closed),
      output: Type.Object({ items: Type.Array(output), nextCursor: Type.Union([Type.String(), Type.Null()]) }),
      dataScope,
      requiredScopes: scopes.readIssue,
      safe: true,
      weight: 5,
      run: async (input, ctx) =>
        listWhole({ cursor: input.cursor, limit: input.limit }, async () => {
          const comments = path`/repos/${input.owner}/${input.repo}/issues/${input.number}/comments`;
          return (await (await ctx.http.get(comments)).json(Comments)).map(toComment);
        }),
    }),
    defineAction({
      id: `${id}.comment.create`,
      title: 'Add a comment',
      description: 'Adds a comment to an issue or pull request.',
      input: Type.Object({ ...repository, number, body }, closed),
      output,
      dataScope,
      requiredScopes: scopes.writeIssue,
      safe: false,
      run: async (input, ctx) => {
        const comments = path`/repos/${input.owner}/${input.repo}/issues/${input.number}/comments`;
        return toComment(await (await ctx.http.post(comments, { json: { body: input.body } })).json(CommentFields));
      },
    }),
    defineAction({
      id: `${id}.comment.update`,
      title: 'Change a comment',
      description: 'Replaces the text of a comment.',
      input: Type.Object({ ...repository, commentId, body }, closed),
      output,
      dataScope,
      requiredScopes: scopes.writeIssue,
      safe: false,
      run: async (input, ctx) => {
        const comment = path`/repos/${input.owner}/${input.repo}/issues/comments/${input.commentId}`;
        return toComment(await (await ctx.http.patch(comment, { json: { body: input.body } })).json(CommentFields));
      },
    }),
  ];
}
