import {
  type ActionContext,
  decodeCursor,
  encodeCursor,
  nextLink,
  type SourceControlHandlers,
  type TreeNode,
  toTimestamp,
} from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import Type, { type Static } from 'typebox';
import { call, listPage } from './api.ts';
import { resolveRef } from './repositories.ts';
import { type CommitFields, Commits, CommitWithFiles, Content, type ContentEntry, GitTree } from './schema.ts';

/** Contents of files up to 1 MB come with the entry; larger ones up to 100 MB only raw (docs.github.com/rest/repos/contents). */
const rawType = 'application/vnd.github.raw+json';

interface At {
  readonly owner: string;
  readonly repo: string;
  readonly ref?: string;
}

async function getFile({ owner, repo, path, ref }: At & { readonly path: string }, ctx: ActionContext) {
  const parameters = { owner, repo, path, ref };
  const found = await (await call('GET /repos/{owner}/{repo}/contents/{path}', parameters, ctx)).json(Content);
  if (!isEntry(found) || found.type !== 'file') {
    const kind = isEntry(found) ? found.type : 'folder';
    throw invalidField('/path', `names a ${kind}, not a file; tree.get lists folders.`, 'pattern');
  }
  const bytes =
    found.encoding === 'base64' && found.content !== undefined
      ? Buffer.from(found.content, 'base64')
      : Buffer.from(
          await (await call('GET /repos/{owner}/{repo}/contents/{path}', parameters, ctx, { accept: rawType })).bytes(),
        );
  if (bytes.length !== found.size)
    throw new HubError('provider_bad_response', `GitHub gave ${bytes.length} bytes of a file of ${found.size}.`);
  const isText = isUtf8(bytes);
  return {
    path: found.path,
    sha: found.sha,
    sizeBytes: bytes.length,
    encoding: isText ? ('utf-8' as const) : ('base64' as const),
    content: bytes.toString(isText ? 'utf8' : 'base64'),
    url: found.html_url ?? null,
  };
}

function isEntry(found: Static<typeof Content>): found is Static<typeof ContentEntry> {
  return !Array.isArray(found);
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return !bytes.includes(0);
  } catch {
    return false;
  }
}

const TreePosition = Type.Object(
  { tree: Type.String({ pattern: '^[0-9a-f]{40,64}$' }), offset: Type.Integer({ minimum: 1 }) },
  { additionalProperties: false },
);

const getTree: NonNullable<SourceControlHandlers['tree.get']> = async (
  { owner, repo, ref, path, recursive = false, cursor, limit = 50 },
  ctx,
) => {
  const at = { owner, repo, ...(ref === undefined ? {} : { ref }) };
  // Later pages go by the tree's own id, so that a push in between changes nothing.
  const position = cursor === undefined ? undefined : decodeCursor(TreePosition, cursor);
  const sha = position?.tree ?? (await findTree(at, path, ctx));
  if (sha === undefined) return { items: [], nextCursor: null, isTruncated: false };
  const { tree, truncated, sha: id } = await readTree(at, sha, recursive, ctx);
  const offset = position?.offset ?? 0;
  const nodes = tree.slice(offset, offset + limit).map((node) => toNode(node, path));
  const end = offset + nodes.length;
  const nextCursor = end < tree.length ? encodeCursor({ tree: id, offset: end }) : null;
  return { items: nodes, nextCursor, isTruncated: truncated };
};

async function readTree({ owner, repo }: At, sha: string, recursive: boolean, ctx: ActionContext) {
  const response = await call(
    'GET /repos/{owner}/{repo}/git/trees/{tree_sha}',
    { owner, repo, tree_sha: sha, recursive: recursive ? '1' : undefined },
    ctx,
  );
  return response.json(GitTree);
}

/** Id of the folder's tree, found by going down from the root; undefined for the root of an empty repository. */
async function findTree(at: At, path: string | undefined, ctx: ActionContext): Promise<string | undefined> {
  const { owner, repo } = at;
  const root = await call(
    'GET /repos/{owner}/{repo}/git/trees/{tree_sha}',
    { owner, repo, tree_sha: await resolveRef(at, ctx) },
    ctx,
    { expect: [409] },
  );
  // docs.github.com/rest/git/trees: 409 is an empty repository.
  if (root.status === 409) return undefined;
  let tree = await root.json(GitTree);
  for (const segment of path?.split('/').filter(Boolean) ?? []) {
    const found = tree.tree.find((node) => node.path === segment && node.type === 'tree');
    if (found === undefined)
      throw new HubError('provider_not_found', `There is no folder ${path} in ${owner}/${repo} at this ref.`);
    tree = await readTree(at, found.sha, false, ctx);
  }
  return tree.sha;
}

function toNode(node: Static<typeof GitTree>['tree'][number], folder: string | undefined): TreeNode {
  const kinds: Readonly<Record<string, TreeNode['type']>> = { tree: 'directory', commit: 'submodule' };
  return {
    path: folder === undefined ? node.path : `${folder.replace(/\/+$/, '')}/${node.path}`,
    // Mode 120000 is a symbolic link (git's own tree format).
    type: kinds[node.type] ?? (node.mode === '120000' ? 'symlink' : 'file'),
    sha: node.sha,
    sizeBytes: node.size ?? null,
  };
}

function toCommit({ sha, html_url, commit, parents }: Static<typeof CommitFields>) {
  return {
    sha,
    message: commit.message,
    authorName: commit.author?.name ?? null,
    authorEmail: commit.author?.email ?? null,
    authoredAt: toTimestamp(commit.author?.date),
    committedAt: toTimestamp(commit.committer?.date),
    parents: parents.map((parent) => parent.sha),
    url: html_url,
  };
}

const fileStatuses = ['added', 'modified', 'removed', 'renamed', 'copied', 'changed', 'unchanged'] as const;

export const contentHandlers: SourceControlHandlers = {
  'file.get': getFile,
  'tree.get': getTree,
  'commit.list': async ({ owner, repo, ref, path, since, until, ...page }, ctx) =>
    listPage(
      'GET /repos/{owner}/{repo}/commits',
      { owner, repo, sha: ref, path, since, until },
      page,
      // 409 is an empty repository.
      async (response) => (response.status === 409 ? [] : (await response.json(Commits)).map(toCommit)),
      ctx,
      { expect: [409] },
    ),
  'commit.get': async ({ owner, repo, ref }, ctx) => {
    const response = await call('GET /repos/{owner}/{repo}/commits/{ref}', { owner, repo, ref, per_page: 100 }, ctx);
    const { stats, files = [], ...commit } = await response.json(CommitWithFiles);
    return {
      ...toCommit(commit),
      additions: stats?.additions ?? null,
      deletions: stats?.deletions ?? null,
      files: files.map(({ filename, previous_filename, status, additions, deletions }) => ({
        path: filename,
        previousPath: previous_filename ?? null,
        status: fileStatuses.find((known) => known === status) ?? 'changed',
        additions,
        deletions,
      })),
      isTruncated: nextLink(response) !== undefined,
    };
  },
};
