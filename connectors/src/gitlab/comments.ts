/** Notes of merge requests, as annotations need them: found again, changed, never doubled. Source: docs.gitlab.com/api/notes, /api/discussions. */
import { type ActionContext, type Comment, defineAction, eachPage, type HttpResponse } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import Type, { type Static } from 'typebox';
import { call, path as encoded, listPage, type Project, pageUrl, projectPath } from './api.ts';
import { placeOf } from './diff-lines.ts';
import { commentIdField, commentOutput, pageFields, repositoryFields, scopes } from './own-fields.ts';
import { loginOf } from './people.ts';
import { type DiffFields, type DiffRefs, Diffs, Discussion, NoteFields, Notes } from './schema.ts';
import { timestamp } from './timestamp.ts';

export interface MergeRequestAt extends Project {
  readonly number: number;
}

export function mergeRequestPath({ number, ...project }: MergeRequestAt, below = ''): string {
  return projectPath(project, `${encoded`/merge_requests/${number}`}${below}`);
}

function toComment(
  note: Static<typeof NoteFields>,
  { owner, repo, number }: MergeRequestAt,
  ctx: ActionContext,
): Comment {
  return {
    id: String(note.id),
    body: note.body,
    author: loginOf(note.author),
    createdAt: timestamp(note.created_at),
    updatedAt: timestamp(note.updated_at),
    // Notes come without an address; this is how GitLab's own pages link to one.
    url: pageUrl(ctx, `/${owner}/${repo}/-/merge_requests/${number}#note_${note.id}`),
  };
}

export async function createNote(at: MergeRequestAt, body: string, ctx: ActionContext): Promise<Comment> {
  const response = await call('POST', mergeRequestPath(at, '/notes'), ctx, { json: { body } });
  return toComment(await response.json(NoteFields), at, ctx);
}

export interface LineRemark {
  readonly path: string;
  readonly line: number;
  readonly side?: 'old' | 'new';
  readonly body: string;
}

/** Changed files are looked for in this many pages of 100. */
const maxDiffPages = 30;

/** The changed file of this path; undefined when the merge request does not change it. */
async function diffOf(
  at: MergeRequestAt,
  { path, side }: LineRemark,
  ctx: ActionContext,
): Promise<Static<typeof DiffFields> | undefined> {
  const fetch = (cursor: string | undefined) =>
    listPage(
      { path: mergeRequestPath(at, '/diffs'), read: (response: HttpResponse) => response.json(Diffs) },
      { limit: 100, ...(cursor === undefined ? {} : { cursor }) },
      ctx,
    );
  for await (const files of eachPage({ fetch, maxPages: maxDiffPages, signal: ctx.signal })) {
    const found = files.find((file) => (side === 'old' ? file.old_path : file.new_path) === path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @param refs Of the version of the merge request that the lines are counted in. @throws HubError `provider_rejected` for a file that it does not change. */
export async function createRemark(
  at: MergeRequestAt,
  refs: Static<typeof DiffRefs>,
  remark: LineRemark,
  ctx: ActionContext,
): Promise<Comment> {
  const { path, line, side = 'new', body } = remark;
  const file = await diffOf(at, remark, ctx);
  if (file === undefined)
    throw new HubError(
      'provider_rejected',
      `!${at.number} does not change ${path}, and GitLab takes remarks on lines of changed files only.`,
    );
  // Without its text (too large, or collapsed) only GitLab knows whether the line was changed.
  const place = file.diff === '' ? { [`${side}Line`]: line } : placeOf(file.diff, line, side);
  const { oldLine, newLine } = place as { oldLine?: number; newLine?: number };
  const response = await call('POST', mergeRequestPath(at, '/discussions'), ctx, {
    json: {
      body,
      position: {
        position_type: 'text',
        base_sha: refs.base_sha,
        start_sha: refs.start_sha,
        head_sha: refs.head_sha,
        old_path: file.old_path,
        new_path: file.new_path,
        old_line: oldLine,
        new_line: newLine,
      },
    },
  });
  const { notes } = await response.json(Discussion);
  return toComment(notes[0] as Static<typeof NoteFields>, at, ctx);
}

const closed = { additionalProperties: false };
const number = Type.Integer({
  minimum: 1,
  maximum: 2_147_483_647,
  title: 'Number',
  description: 'Of the merge request.',
});
/** docs.gitlab.com/administration/instance_limits: "Size of comments and descriptions": 1,000,000 characters. */
const body = Type.String({
  minLength: 1,
  maxLength: 1_000_000,
  title: 'Body',
  description: 'GitLab Flavored Markdown.',
});
const dataScope = { project: { join: ['/owner', '/repo'] }, dataTypes: ['issues'], containsPii: true } as const;

export const commentActions = [
  defineAction({
    id: 'gitlab.comment.list',
    title: 'List comments',
    description:
      'Notes of a merge request, oldest first, with those on lines; what GitLab itself notes is not among them.',
    input: Type.Object({ ...repositoryFields, number, ...pageFields }, closed),
    output: Type.Object({ items: Type.Array(commentOutput), nextCursor: Type.Union([Type.String(), Type.Null()]) }),
    dataScope,
    requiredScopes: scopes.read,
    safe: true,
    weight: 5,
    run: async ({ owner, repo, number: iid, ...page }, ctx) => {
      const at = { owner, repo, number: iid };
      const read = async (response: HttpResponse) =>
        (await response.json(Notes)).filter(({ system }) => system !== true).map((note) => toComment(note, at, ctx));
      const query = { sort: 'asc', order_by: 'created_at' };
      return listPage({ path: mergeRequestPath(at, '/notes'), query, read }, page, ctx);
    },
  }),
  defineAction({
    id: 'gitlab.comment.create',
    title: 'Add a comment',
    description: 'Adds a note to a merge request.',
    input: Type.Object({ ...repositoryFields, number, body }, closed),
    output: commentOutput,
    dataScope,
    requiredScopes: scopes.write,
    safe: false,
    run: ({ owner, repo, number: iid, body: text }, ctx) => createNote({ owner, repo, number: iid }, text, ctx),
  }),
  defineAction({
    id: 'gitlab.comment.update',
    title: 'Change a comment',
    description: 'Replaces the text of a note of a merge request.',
    input: Type.Object({ ...repositoryFields, number, commentId: commentIdField, body }, closed),
    output: commentOutput,
    dataScope,
    requiredScopes: scopes.write,
    safe: false,
    run: async ({ owner, repo, number: iid, commentId, body: text }, ctx) => {
      const at = { owner, repo, number: iid };
      const below = mergeRequestPath(at, encoded`/notes/${commentId}`);
      return toComment(await (await call('PUT', below, ctx, { json: { body: text } })).json(NoteFields), at, ctx);
    },
  }),
];
