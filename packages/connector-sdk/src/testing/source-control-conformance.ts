import { beforeAll, describe, expect, it } from 'vitest';
import { checkValue, type SourceControlActionId, sourceControlActionSpecs } from '../index.ts';
import { readingSuites } from './source-control-reading.ts';
import { type Run, rejects, type SourceControlFixtures } from './source-control-suite.ts';
import { issueWriting, pullRequestWriting, repositoryWriting } from './source-control-writing.ts';

export interface SourceControlConformanceOptions {
  readonly name: string;
  readonly offered: readonly SourceControlActionId[];
  /** Called once before the tests. */
  fixtures(): SourceControlFixtures | Promise<SourceControlFixtures>;
  /** Runs an action as a caller would: gives the output or rejects with an error that has a `code`. */
  run(action: SourceControlActionId, input: unknown): Promise<unknown>;
}

/** The category suite of source control; runs the same against a fake, an emulator, a real server and the whole hub. */
export function sourceControlConformance(options: SourceControlConformanceOptions): void {
  const { name, offered } = options;
  const run: Run = async <Output>(action: SourceControlActionId, input: unknown) => {
    const output = await options.run(action, input);
    expect(checkValue(sourceControlActionSpecs[action].output, output), `output of ${action}`).toEqual([]);
    return output as Output;
  };
  const has = (...ids: SourceControlActionId[]) => ids.every((id) => offered.includes(id));

  describe(`source control conformance of ${name}`, () => {
    let fixtures: SourceControlFixtures;
    beforeAll(async () => {
      fixtures = await options.fixtures();
    });
    const of = () => fixtures;

    for (const suite of readingSuites) suite(run, of, has);
    refusing(offered, run, of);
    for (const suite of [repositoryWriting, issueWriting, pullRequestWriting]) suite(run, of, has);
  });
}

function refusing(offered: readonly SourceControlActionId[], run: Run, of: () => SourceControlFixtures): void {
  const byRepository = offered.filter((id) => 'repo' in sourceControlActionSpecs[id].input.properties);

  it.each(byRepository.filter((id) => !id.startsWith('search.')))(
    '%s refuses names that climb, and fields that it does not know',
    async (action) => {
      const { owner, repo } = of();
      for (const input of [
        {},
        { owner, repo: '..' },
        { owner, repo: 'a/b' },
        { owner: '../..', repo },
        { owner: '', repo },
        { owner, repo: 'a?b' },
        { owner, repo: 'a%2fb' },
        { owner, repo, unknownField: 1 },
      ]) {
        await rejects(run(action, input), 'invalid_request', JSON.stringify(input));
      }
    },
  );

  const needsOnlyRepository = byRepository.filter((id) => {
    const { required } = sourceControlActionSpecs[id].input as { required?: readonly string[] };
    return required?.length === 2;
  });
  it.each(needsOnlyRepository)('%s says that a repository does not exist', async (action) => {
    const { owner, missing } = of();
    await rejects(run(action, { owner, repo: missing?.repo ?? 'no-such-repository' }), 'provider_not_found');
  });
}
