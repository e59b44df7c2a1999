/** The part of the source-control suite that only reads. */
import { expect, it } from 'vitest';
import type {
  Branch,
  CodeSearchResult,
  Commit,
  CommitDetail,
  FileContent,
  FoundIssue,
  GitTag,
  Repository,
  RepositoryClone,
  SourceControlActionId,
  TreeNode,
} from '../index.ts';
import { allItems, type Listed, type Run, rejects, type Suite } from './source-control-suite.ts';

function listing<Item>(
  run: Run,
  action: SourceControlActionId,
  input: () => object,
  expected: () => { readonly names: readonly string[]; readonly all: boolean },
  nameOf: (item: Item) => string,
): void {
  it(`${action} finds what is there, in pages that end and never repeat`, async () => {
    const small = (await allItems<Item>(run, action, input(), 1)).map(nameOf);
    const large = (await allItems<Item>(run, action, input(), 500)).map(nameOf);

    const { names, all } = expected();
    expect(small).toEqual(large);
    expect(new Set(small).size, `${action} repeats nothing`).toBe(small.length);
    if (all) expect([...large].sort()).toEqual([...names].sort());
    else expect(large).toEqual(expect.arrayContaining([...names]));
  });

  it(`${action} refuses a cursor that it did not hand out`, async () => {
    for (const cursor of ['forged', Buffer.from('{"page":"../../admin","offset":0}').toString('base64url')]) {
      await expect(run(action, { ...input(), cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
    }
  });
}

const at = ({ owner, repo }: { readonly owner: string; readonly repo: string }) => ({ owner, repo });

const repositories: Suite = (run, of, has) => {
  if (has('repo.list')) {
    const expected = () => ({ names: of().repositories, all: false });
    listing<Repository>(
      run,
      'repo.list',
      () => ({}),
      expected,
      ({ fullName }) => fullName,
    );

    it('repo.list finds by part of the name, of one owner', async () => {
      const { owner, repo } = of();
      const found = await allItems<Repository>(run, 'repo.list', { owner, search: repo }, 100);

      expect(found.map(({ fullName }) => fullName)).toContain(`${owner}/${repo}`);
      expect(found.filter((repository) => repository.owner !== owner)).toEqual([]);
    });
  }
  if (has('repo.get')) {
    it('repo.get gives a repository whose names lead back to it', async () => {
      const { owner, repo, defaultBranch } = of();

      const found = await run<Repository>('repo.get', { owner, repo });

      expect(found).toMatchObject({ owner, name: repo, fullName: `${owner}/${repo}`, defaultBranch });
      expect(new URL(found.cloneUrl)).toMatchObject({ username: '', password: '' });
      expect(await run('repo.get', { owner: found.owner, repo: found.name })).toEqual(found);
    });

    it('repo.get gives an empty repository', async () => {
      const { empty } = of();
      if (empty !== undefined) expect(await run('repo.get', empty)).toMatchObject({ name: empty.repo });
    });
  }
  if (has('repo.clone')) {
    it('repo.clone says whether the URL holds a credential', async () => {
      const clone = await run<RepositoryClone>('repo.clone', at(of()));

      expect(new URL(clone.cloneUrl).password).toBe('');
      expect(new URL(clone.url).password !== '').toBe(clone.isAuthorised);
      expect(clone.expiresAt !== null, 'a credential in a URL ends').toBe(clone.isAuthorised);
    });
  }
  if (has('branch.list')) {
    const expected = () => ({ names: of().branches, all: true });
    listing<Branch>(
      run,
      'branch.list',
      () => at(of()),
      expected,
      ({ name }) => name,
    );
  }
  if (has('tag.list')) {
    const expected = () => ({ names: of().tags, all: true });
    listing<GitTag>(
      run,
      'tag.list',
      () => at(of()),
      expected,
      ({ name }) => name,
    );
  }
};

const contents: Suite = (run, of, has) => {
  if (has('file.get')) {
    it('file.get gives text as text, at the default branch and at a ref', async () => {
      const { file, defaultBranch } = of();

      const found = await run<FileContent>('file.get', { ...at(of()), path: file.path });

      expect(found).toMatchObject({ path: file.path, content: file.content, encoding: 'utf-8' });
      expect(found.sizeBytes).toBe(Buffer.byteLength(file.content));
      expect(await run('file.get', { ...at(of()), path: file.path, ref: defaultBranch })).toMatchObject({
        content: file.content,
      });
    });

    it('file.get gives bytes that are no text as base64', async () => {
      const { binary } = of();
      if (binary === undefined) return;
      expect(await run('file.get', { ...at(of()), path: binary.path })).toMatchObject({
        encoding: 'base64',
        content: binary.base64,
        sizeBytes: Buffer.from(binary.base64, 'base64').length,
      });
    });

    it('file.get says what does not exist', async () => {
      const { missing, file } = of();
      const absent = missing?.path ?? 'no/such/file';
      await rejects(run('file.get', { ...at(of()), path: absent }), 'provider_not_found');
      await rejects(run('file.get', { ...at(of()), path: file.path, ref: 'no-such-branch' }), 'provider_not_found');
    });
  }
  if (has('tree.get')) {
    it('tree.get gives every file once, recursively, in pages', async () => {
      const input = { ...at(of()), recursive: true };
      const small = await allItems<TreeNode>(run, 'tree.get', input, 1);
      const large = await allItems<TreeNode>(run, 'tree.get', input, 500);

      const filesOf = (nodes: readonly TreeNode[]) =>
        nodes.filter(({ type }) => type === 'file').map(({ path }) => path);
      expect(filesOf(large).sort()).toEqual([...of().files].sort());
      expect(small).toEqual(large);
    });

    it('tree.get gives one folder, with paths from the root', async () => {
      const nested = of().files.find((path) => path.includes('/'));
      if (nested === undefined) return;
      const path = nested.slice(0, nested.lastIndexOf('/'));

      const nodes = await allItems<TreeNode>(run, 'tree.get', { ...at(of()), path }, 100);

      expect(nodes.map((node) => node.path)).toContain(nested);
      expect(nodes.filter((node) => !node.path.startsWith(`${path}/`))).toEqual([]);
    });
  }
};

const commits: Suite = (run, of, has) => {
  if (!has('commit.list')) return;
  it('commit.list gives commits that commit.get knows', async () => {
    const { items } = await run<Listed<Commit>>('commit.list', { ...at(of()), ref: of().defaultBranch, limit: 2 });

    expect(items.length).toBeGreaterThan(0);
    if (!has('commit.get')) return;
    for (const { sha, message } of items) {
      expect(await run<CommitDetail>('commit.get', { ...at(of()), ref: sha })).toMatchObject({ sha, message });
    }
  });
};

const searching: Suite = (run, of, has) => {
  if (has('search.code')) {
    it('search.code finds a file by its text', async () => {
      const wanted = of().search?.code;
      if (wanted === undefined) return;
      const found = await run<Listed<CodeSearchResult>>('search.code', { ...at(of()), query: wanted.query });

      expect(found.items.map(({ path }) => path)).toContain(wanted.path);
    });
  }
  if (has('search.issues')) {
    it('search.issues finds an issue by its words', async () => {
      const wanted = of().search?.issues;
      if (wanted === undefined) return;
      const found = await run<Listed<FoundIssue>>('search.issues', { ...at(of()), query: wanted.query });

      expect(found.items.map(({ number }) => number)).toContain(wanted.number);
    });
  }
};

export const readingSuites: readonly Suite[] = [repositories, contents, commits, searching];
