import {
  type ActionContext,
  decodeCursor,
  encodeCursor,
  numberedPages,
  type SourceControlHandlers,
  type TreeNode,
  toTimestamp,
} from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import Type, { type Static } from 'typebox';
import { filePath, listPage, type PageInput, path } from './api.ts';
import { type CommitFields, Commits, CommitWithFiles, Content, type ContentEntry, GitTree } from './schema.ts';

interface At {
  readonly owner: string;
  readonly repo: string;
  readonly ref?: string;
}

async function getFile({ owner, repo, path: file, ref }: At & { readonly path: string }, ctx: ActionContext) {
  const contents = filePath(path`/repos/${owner}/${repo}/contents`, file);
  const found = await (await ctx.http.get(contents, { query: { ref } })).json(Content);
  if (!isEntry(found) || found.type !== 'file') {
    const kind = isEntry(found) ? found.type : 'folder';
    throw invalidField('/path', `names a ${kind}, not a file; tree.get lists folders.`, 'pattern');
  }
  // Above DEFAULT_MAX_BLOB_SIZE of the server the content is left out, and only the raw file has it.
  const bytes =
    found.encoding === 'base64' && found.content !== undefined && found.content !== null
      ? Buffer.from(found.content, 'base64')
      : Buffer.from(await rawFile({ owner, repo, path: file, ...(ref === undefined ? {} : { ref }) }, ctx));
  if (bytes.length !== found.size)
    throw new HubError('provider_bad_response', `The server gave ${bytes.length} bytes of a file of ${found.size}.`);
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

async function rawFile({ owner, repo, path: file, ref }: At & { readonly path: string }, ctx: ActionContext) {
  const raw = filePath(path`/repos/${owner}/${repo}/raw`, file);
  return (await ctx.http.get(raw, { query: { ref }, accept: '*/*' })).bytes();
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

/** DEFAULT_GIT_TREES_PER_PAGE of the server; one that is set lower cuts pages itself. */
const maxTreePage = 1000;
/** A folder with more entries than this many pages is not searched for the next one below it. */
const maxFolderPages = 100;
const TreePosition = Type.Object(
  { tree: Type.String({ pattern: '^[0-9a-f]{40,64}$' }), page: Type.String({ maxLength: 1000 }) },
  { additionalProperties: false },
);

const getTree: NonNullable<SourceControlHandlers['tree.get']> = async (
  { owner, repo, ref, path: folder, recursive = false, cursor, limit = 50 },
  ctx,
) => {
  const at = { owner, repo, ...(ref === undefined ? {} : { ref }) };
  // Later pages go by the tree's own id, so that a push in between changes nothing.
  const position = cursor === undefined ? undefined : decodeCursor(TreePosition, cursor);
  const tree = position?.tree ?? (await findTree(at, folder, ctx));
  if (tree === undefined) return { items: [], nextCursor: null, isTruncated: false };
  const found = await treePage(at, tree, recursive, { cursor: position?.page, limit }, ctx);
  return {
    items: found.items.map((node) => toNode(node, folder)),
    nextCursor: found.nextCursor === null ? null : encodeCursor({ tree, page: found.nextCursor }),
    isTruncated: false,
  };
};

type TreeEntry = NonNullable<Static<typeof GitTree>['tree']>[number];

async function treePage(
  { owner, repo }: At,
  tree: string,
  recursive: boolean,
  { cursor, limit = maxTreePage }: PageInput,
  ctx: ActionContext,
) {
  return numberedPages<TreeEntry>({
    cursor,
    limit,
    maxPageSize: maxTreePage,
    fetch: async ({ number, size }) => {
      const query = { recursive: recursive ? true : undefined, page: number, per_page: size };
      const response = await ctx.http.get(path`/repos/${owner}/${repo}/git/trees/${tree}`, { query });
      const found = await response.json(GitTree);
      // "truncated" says that pages follow.
      return { items: found.tree ?? [], hasNext: found.truncated };
    },
  });
}

/** Id of the folder's tree, found by going down from the newest commit; undefined for the root of an empty repository. */
async function findTree(at: At, folder: string | undefined, ctx: ActionContext): Promise<string | undefined> {
  const { owner, repo, ref } = at;
  const { items } = await listPage(
    path`/repos/${owner}/${repo}/commits`,
    { sha: ref, ...withoutExtras },
    { limit: 1 },
    // 409 is an empty repository.
    async (response) => (response.status === 409 ? [] : response.json(Commits)),
    ctx,
    { expect: [409] },
  );
  let tree = items[0]?.commit.tree.sha;
  for (const segment of folder?.split('/').filter(Boolean) ?? []) {
    if (tree !== undefined) tree = await findFolder(at, tree, segment, ctx);
    if (tree === undefined)
      throw new HubError('provider_not_found', `There is no folder ${folder} in ${owner}/${repo} at this ref.`);
  }
  return tree;
}

async function findFolder(at: At, tree: string, name: string, ctx: ActionContext): Promise<string | undefined> {
  let cursor: string | undefined;
  for (let page = 0; page < maxFolderPages; page += 1) {
    const found = await treePage(at, tree, false, { cursor }, ctx);
    const folder = found.items.find((node) => node.path === name && node.type === 'tree');
    if (folder !== undefined || found.nextCursor === null) return folder?.sha;
    cursor = found.nextCursor;
  }
  throw new HubError('provider_response_too_large', `A folder has more than ${maxFolderPages * maxTreePage} entries.`);
}

function toNode(node: TreeEntry, folder: string | undefined): TreeNode {
  const kinds: Readonly<Record<string, TreeNode['type']>> = { tree: 'directory', commit: 'submodule' };
  return {
    path: folder === undefined ? node.path : `${folder.replace(/\/+$/, '')}/${node.path}`,
    // Mode 120000 is a symbolic link (git's own tree format).
    type: kinds[node.type] ?? (node.mode === '120000' ? 'symlink' : 'file'),
    sha: node.sha,
    sizeBytes: node.type === 'blob' ? (node.size ?? null) : null,
  };
}

/** What costs the server time and is not read. */
const withoutExtras = { stat: false, verification: false, files: false } as const;

function toCommit({ sha, html_url, commit, parents }: Static<typeof CommitFields>) {
  return {
    sha,
    message: commit.message,
    authorName: commit.author?.name ?? null,
    authorEmail: commit.author?.email ?? null,
    authoredAt: toTimestamp(commit.author?.date),
    committedAt: toTimestamp(commit.committer?.date),
    parents: (parents ?? []).map((parent) => parent.sha),
    url: html_url,
  };
}

const fileStatuses = ['added', 'modified', 'removed', 'renamed', 'copied', 'changed', 'unchanged'] as const;

export const contentHandlers: SourceControlHandlers = {
  'file.get': getFile,
  'tree.get': getTree,
  'commit.list': async ({ owner, repo, ref, path: file, since, until, ...page }, ctx) =>
    listPage(
      path`/repos/${owner}/${repo}/commits`,
      { sha: ref, path: file, since, until, ...withoutExtras },
      page,
      // 409 is an empty repository.
      async (response) => (response.status === 409 ? [] : (await response.json(Commits)).map(toCommit)),
      ctx,
      { expect: [409] },
    ),
  'commit.get': async ({ owner, repo, ref }, ctx) => {
    const query = { stat: true, verification: false, files: true };
    const response = await ctx.http.get(path`/repos/${owner}/${repo}/git/commits/${ref}`, { query });
    const { stats, files, ...commit } = await response.json(CommitWithFiles);
    return {
      ...toCommit(commit),
      additions: stats?.additions ?? null,
      deletions: stats?.deletions ?? null,
      files: (files ?? []).map(({ filename, status }) => ({
        path: filename,
        previousPath: null,
        status: fileStatuses.find((known) => known === status) ?? 'changed',
        additions: null,
        deletions: null,
      })),
      isTruncated: false,
    };
  },
};
