/** Files, trees and commits. Source: docs.gitlab.com/api/repository_files, /repositories, /commits. */
import {
  type ActionContext,
  type HttpResponse,
  nextLink,
  type SourceControlHandlers,
  type TreeNode,
  toTimestamp,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Static } from 'typebox';
import { call, path as encoded, keysetPage, listPage, type Project, projectPath } from './api.ts';
import { getProject } from './repositories.ts';
import { type CommitFields, Commits, CommitWithStats, type DiffFields, Diffs, FileFields, Tree } from './schema.ts';

/** A file of 10 MiB in base64, and the fields around it. */
const maxFileAnswerBytes = 14_500_000;

const getFile: NonNullable<SourceControlHandlers['file.get']> = async ({ owner, repo, path, ref = 'HEAD' }, ctx) => {
  const below = encoded`/repository/files/${path}`;
  const response = await call('GET', projectPath({ owner, repo }, below), ctx, {
    // HEAD is the default branch.
    query: { ref },
    maxBytes: maxFileAnswerBytes,
  });
  const found = await response.json(FileFields);
  if (found.encoding !== 'base64')
    throw new HubError('provider_bad_response', `GitLab gave a file in an unknown encoding, ${found.encoding}.`);
  const bytes = Buffer.from(found.content, 'base64');
  if (bytes.length !== found.size)
    throw new HubError('provider_bad_response', `GitLab gave ${bytes.length} bytes of a file of ${found.size}.`);
  const isText = isUtf8(bytes);
  return {
    path: found.file_path,
    sha: found.blob_id,
    sizeBytes: bytes.length,
    encoding: isText ? ('utf-8' as const) : ('base64' as const),
    content: bytes.toString(isText ? 'utf8' : 'base64'),
    url: null,
  };
};

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return !bytes.includes(0);
  } catch {
    return false; // that is the answer to the question
  }
}

function toNode(node: Static<typeof Tree>[number]): TreeNode {
  const kinds: Readonly<Record<string, TreeNode['type']>> = { tree: 'directory', commit: 'submodule' };
  return {
    path: node.path,
    // Mode 120000 is a symbolic link (git's own tree format).
    type: kinds[node.type] ?? (node.mode === '120000' ? 'symlink' : 'file'),
    sha: node.id,
    sizeBytes: null,
  };
}

function toCommit(commit: Static<typeof CommitFields>) {
  return {
    sha: commit.id,
    message: commit.message,
    authorName: commit.author_name ?? null,
    authorEmail: commit.author_email ?? null,
    authoredAt: toTimestamp(commit.authored_date),
    committedAt: toTimestamp(commit.committed_date),
    parents: commit.parent_ids ?? [],
    url: commit.web_url,
  };
}

function toChangedFile(file: Static<typeof DiffFields>) {
  const isWhole = file.collapsed !== true && file.too_large !== true;
  const count = (sign: string) => file.diff.split('\n').filter((line) => line.startsWith(sign)).length;
  const status = file.new_file
    ? ('added' as const)
    : file.deleted_file
      ? ('removed' as const)
      : file.renamed_file
        ? ('renamed' as const)
        : ('modified' as const);
  return {
    path: file.deleted_file ? file.old_path : file.new_path,
    previousPath: file.renamed_file ? file.old_path : null,
    status,
    // GitLab's diffs hold hunks alone, so each such line is a line of the file.
    additions: isWhole ? count('+') : null,
    deletions: isWhole ? count('-') : null,
  };
}

/** GitLab says 404 of a repository without a commit; it has no files and no commits yet. */
async function orNothingYet<Item>(
  project: Project,
  list: () => Promise<{ items: Item[]; nextCursor: string | null }>,
  ctx: ActionContext,
) {
  try {
    return await list();
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== 'provider_not_found') throw error;
    if ((await getProject(project, ctx)).empty_repo !== true) throw error;
    return { items: [], nextCursor: null };
  }
}

export const contentHandlers: SourceControlHandlers = {
  'file.get': getFile,
  'tree.get': async ({ owner, repo, ref, path, recursive = false, ...page }, ctx) => {
    const read = async (response: HttpResponse) => (await response.json(Tree)).map(toNode);
    const query = { ref, path: path?.replace(/\/+$/, ''), recursive };
    const list = { path: projectPath({ owner, repo }, '/repository/tree'), query, read };
    const nodes = await orNothingYet({ owner, repo }, () => keysetPage(list, 'page_token', page, ctx), ctx);
    return { ...nodes, isTruncated: false };
  },
  'commit.list': async ({ owner, repo, ref, path, since, until, ...page }, ctx) => {
    const read = async (response: HttpResponse) => (await response.json(Commits)).map(toCommit);
    const query = { ref_name: ref, path, since, until };
    const list = { path: projectPath({ owner, repo }, '/repository/commits'), query, read };
    return orNothingYet({ owner, repo }, () => listPage(list, page, ctx), ctx);
  },
  'commit.get': async ({ owner, repo, ref }, ctx) => {
    const below = projectPath({ owner, repo }, encoded`/repository/commits/${ref}`);
    const { stats, ...commit } = await (await call('GET', below, ctx, { query: { stats: true } })).json(
      CommitWithStats,
    );
    // By the commit's own id, so that a push in between changes nothing.
    const diff = projectPath({ owner, repo }, encoded`/repository/commits/${commit.id}/diff`);
    const response = await call('GET', diff, ctx, { query: { per_page: 100 } });
    return {
      ...toCommit(commit),
      additions: stats?.additions ?? null,
      deletions: stats?.deletions ?? null,
      files: (await response.json(Diffs)).map(toChangedFile),
      isTruncated: nextLink(response) !== undefined,
    };
  },
};
