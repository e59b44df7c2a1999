import { HubError } from '@inthub/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Artifact,
  type ArtifactContent,
  type CiActionId,
  checkValue,
  ciActionSpecs,
  type Job,
  type JobLog,
  type TriggeredRun,
  type Workflow,
  type WorkflowRun,
  type WorkflowRunDetail,
} from '../index.ts';

/** What the product under test holds. The suite starts a run, and cancels what `cancellable` names. */
export interface CiFixtures {
  /** Left out where the product has no owners. */
  readonly owner?: string;
  readonly repo: string;
  /** Ids that workflow.list must show, among others. */
  readonly workflows: readonly string[];
  /** Ids that run.list must show, among others. At least two, so that pages can be seen. */
  readonly runs: readonly string[];
  /** One that is over. */
  readonly finished: { readonly id: string; readonly conclusion: NonNullable<WorkflowRun['conclusion']> };
  /** One that still runs. */
  readonly cancellable?: string;
  /** Names of the jobs of the finished run. */
  readonly jobs: readonly string[];
  /** Text that the log of the first job holds. */
  readonly logged?: string;
  readonly artifact?: { readonly name: string; readonly base64?: string };
  readonly trigger?: { readonly workflowId?: string; readonly ref: string; readonly inputs?: Record<string, string> };
  /** Ids that do not exist. Default 999999999. */
  readonly missing?: { readonly repo?: string; readonly runId?: string };
}

export interface CiConformanceOptions {
  readonly name: string;
  readonly offered: readonly CiActionId[];
  /** Called once before the tests. */
  fixtures(): CiFixtures | Promise<CiFixtures>;
  /** Runs an action as a caller would: gives the output or rejects with an error that has a `code`. */
  run(action: CiActionId, input: unknown): Promise<unknown>;
}

type Run = <Output>(action: CiActionId, input: unknown) => Promise<Output>;
interface Listed<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** The category suite of continuous integration; runs the same against a fake, an emulator, a real server and the whole hub. */
export function ciConformance(options: CiConformanceOptions): void {
  const { name, offered } = options;
  const run: Run = async <Output>(action: CiActionId, input: unknown) => {
    const output = await options.run(action, input);
    expect(checkValue(ciActionSpecs[action].output, output), `output of ${action}`).toEqual([]);
    return output as Output;
  };
  const has = (...ids: CiActionId[]) => ids.every((id) => offered.includes(id));

  describe(`ci conformance of ${name}`, () => {
    let fixtures: CiFixtures;
    beforeAll(async () => {
      fixtures = await options.fixtures();
    });
    const of = () => fixtures;

    if (has('workflow.list'))
      listing<Workflow>(
        run,
        'workflow.list',
        () => at(of()),
        () => of().workflows,
      );
    if (has('run.list'))
      listing<WorkflowRun>(
        run,
        'run.list',
        () => at(of()),
        () => of().runs,
      );
    if (has('run.get')) runs(run, of);
    if (has('job.list')) jobs(run, of, has('job.log'));
    if (has('artifact.list')) artifacts(run, of, has('artifact.get'));
    if (has('run.trigger')) triggering(run, of);
    if (has('run.cancel')) cancelling(run, of);
    refusing(offered, run, of);
  });
}

const at = ({ owner, repo }: CiFixtures) => ({ ...(owner === undefined ? {} : { owner }), repo });

async function allIds<Item extends { readonly id: string }>(
  run: Run,
  action: CiActionId,
  input: object,
  limit: number,
): Promise<string[]> {
  const ids: string[] = [];
  let pages = 0;
  let cursor: string | null = null;
  do {
    const page: Listed<Item> = await run(action, { ...input, limit, ...(cursor === null ? {} : { cursor }) });
    expect(page.items.length, `a page of ${action}`).toBeLessThanOrEqual(limit);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    pages += 1;
    if (pages > 1000) throw new HubError('internal', `${action} does not end.`);
  } while (cursor !== null);
  return ids;
}

function listing<Item extends { readonly id: string }>(
  run: Run,
  action: CiActionId,
  input: () => object,
  expected: () => readonly string[],
): void {
  it(`${action} finds what is there, in pages that end and never repeat`, async () => {
    const small = await allIds<Item>(run, action, input(), 1);
    const large = await allIds<Item>(run, action, input(), 500);

    expect(large).toEqual(expect.arrayContaining([...expected()]));
    expect(new Set(small).size).toBe(small.length);
    expect(small).toEqual(large);
  });

  it(`${action} refuses a cursor that it did not hand out`, async () => {
    for (const cursor of ['forged', Buffer.from('{"page":"../../admin","offset":0}').toString('base64url')]) {
      await rejects(run(action, { ...input(), cursor }), 'invalid_cursor');
    }
  });
}

function runs(run: Run, of: () => CiFixtures): void {
  it('run.get gives state and outcome', async () => {
    const { finished } = of();

    expect(await run<WorkflowRunDetail>('run.get', { ...at(of()), runId: finished.id })).toMatchObject({
      id: finished.id,
      status: 'completed',
      conclusion: finished.conclusion,
    });
  });

  it('run.get says that a run does not exist', async () => {
    await rejects(run('run.get', { ...at(of()), runId: of().missing?.runId ?? '999999999' }), 'provider_not_found');
  });
}

function jobs(run: Run, of: () => CiFixtures, hasLog: boolean): void {
  it('job.list gives the jobs of a run, each with an outcome', async () => {
    const { finished, jobs: names, logged } = of();
    const { items } = await run<Listed<Job>>('job.list', { ...at(of()), runId: finished.id });

    expect(items.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(items.filter(({ status, conclusion }) => status === 'completed' && conclusion === null)).toEqual([]);
    const first = items.find(({ name }) => name === names[0]);
    if (!hasLog || logged === undefined || first === undefined) return;

    const log = await run<JobLog>('job.log', { ...at(of()), jobId: first.id });
    expect(log).toMatchObject({ jobId: first.id, isTruncated: false });
    expect(log.text).toContain(logged);
    expect(log.sizeBytes).toBe(Buffer.byteLength(log.text));
    const tail = await run<JobLog>('job.log', { ...at(of()), jobId: first.id, tailBytes: 5 });
    expect(Buffer.byteLength(tail.text)).toBeLessThanOrEqual(5);
    expect(tail).toMatchObject({ isTruncated: true, sizeBytes: log.sizeBytes });
  });
}

function artifacts(run: Run, of: () => CiFixtures, hasGet: boolean): void {
  it('artifact.list and artifact.get give the artifacts of a run', async () => {
    const { finished, artifact } = of();
    const { items } = await run<Listed<Artifact>>('artifact.list', { ...at(of()), runId: finished.id });
    if (artifact === undefined) return;
    const found = items.find(({ name }) => name === artifact.name);
    expect(found).toBeDefined();
    if (!hasGet || found === undefined) return;

    const input = { ...at(of()), artifactId: found.id };
    expect(await run<ArtifactContent>('artifact.get', input)).toMatchObject({ artifact: found, content: null });
    if (artifact.base64 === undefined) return;
    expect(await run<ArtifactContent>('artifact.get', { ...input, withContent: true })).toMatchObject({
      content: { base64: artifact.base64, sizeBytes: Buffer.from(artifact.base64, 'base64').length },
    });
    await rejects(run('artifact.get', { ...input, withContent: true, maxBytes: 1 }), 'provider_response_too_large');
  });
}

function triggering(run: Run, of: () => CiFixtures): void {
  it('run.trigger starts a run, and refuses a ref that does not exist', async () => {
    const { trigger } = of();
    if (trigger === undefined) return;

    expect(await run<TriggeredRun>('run.trigger', { ...at(of()), ...trigger })).toMatchObject({ ref: trigger.ref });
    await rejects(
      run('run.trigger', { ...at(of()), ...trigger, ref: 'no-such-branch' }),
      /^provider_(?:rejected|not_found)$/,
    );
  });
}

function cancelling(run: Run, of: () => CiFixtures): void {
  it('run.cancel stops what runs, and leaves what is over', async () => {
    const { cancellable, finished } = of();
    expect(await run('run.cancel', { ...at(of()), runId: finished.id })).toEqual({
      runId: finished.id,
      accepted: false,
    });
    if (cancellable === undefined) return;
    expect(await run('run.cancel', { ...at(of()), runId: cancellable })).toEqual({
      runId: cancellable,
      accepted: true,
    });
  });
}

function refusing(offered: readonly CiActionId[], run: Run, of: () => CiFixtures): void {
  it.each(offered)('%s refuses names that climb, and fields that it does not know', async (action) => {
    const { owner, repo } = at(of());
    for (const input of [
      {},
      { owner: '../..', repo },
      { owner, repo: '..' },
      { owner, repo: '../x' },
      { owner, repo, runId: 'a b' },
      { owner, repo, unknownField: 1 },
    ]) {
      await rejects(run(action, JSON.parse(JSON.stringify(input))), 'invalid_request', JSON.stringify(input));
    }
  });

  it.each(offered.filter((id) => id === 'workflow.list' || id === 'run.list'))(
    '%s says that a repository does not exist',
    async (action) => {
      const { owner, repo } = { ...at(of()), repo: of().missing?.repo ?? 'no-such-repository' };
      await rejects(run(action, { ...(owner === undefined ? {} : { owner }), repo }), 'provider_not_found');
    },
  );
}

async function rejects(work: Promise<unknown>, code: string | RegExp, what = ''): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, what).toMatchObject({ code: expect.stringMatching(code) });
}
