import { beforeAll, describe, expect, it } from 'vitest';
import {
  checkValue,
  type Project,
  type ProjectDetail,
  type ProjectManagementActionId,
  projectManagementActionSpecs,
  type Task,
  type TaskComment,
  type TaskLabel,
} from '../index.ts';
import {
  all,
  create,
  creating,
  type Listed,
  listing,
  markdown,
  moving,
  nextSerial,
  type Of,
  type ProjectManagementFixtures,
  type Run,
  updating,
} from './task-conformance.ts';

export interface ProjectManagementConformanceOptions {
  readonly name: string;
  readonly offered: readonly ProjectManagementActionId[];
  /** Called once before the tests. */
  fixtures(): ProjectManagementFixtures | Promise<ProjectManagementFixtures>;
  /** Runs an action as a caller would: gives the output or rejects with an error that has a `code`. */
  run(action: ProjectManagementActionId, input: unknown): Promise<unknown>;
}

/** The category suite of issue trackers; runs the same against a fake, an emulator and the whole hub. */
export function projectManagementConformance(options: ProjectManagementConformanceOptions): void {
  const { name, offered } = options;
  const run: Run = async <Output>(action: ProjectManagementActionId, input: unknown) => {
    const output = await options.run(action, input);
    expect(checkValue(projectManagementActionSpecs[action].output, output), `output of ${action}`).toEqual([]);
    return output as Output;
  };
  const has = (...ids: readonly ProjectManagementActionId[]) => ids.every((id) => offered.includes(id));

  describe(`project management conformance of ${name}`, () => {
    let fixtures: ProjectManagementFixtures;
    beforeAll(async () => {
      fixtures = await options.fixtures();
    });
    const of: Of = () => fixtures;

    if (has('project.list')) projects(run, of);
    if (has('project.get')) project(run, of);
    if (has('task.create', 'task.get')) creating(run, of);
    if (has('task.create', 'task.list')) listing(run, of);
    if (has('task.create', 'task.update')) updating(run, of);
    if (has('task.create', 'task.transition', 'task.get')) moving(run, of);
    if (has('task.create', 'comment.add', 'comment.list')) comments(run, of);
    if (has('task.create', 'label.list', 'label.add')) labels(run, of);
    if (has('task.create', 'task.search')) searching(run, of);
    missing(offered, run, of);
    refusing(offered, run, of);
  });
}

function projects(run: Run, of: Of): void {
  it('project.list finds what is there, in pages that end and never repeat', async () => {
    const small = await all<Project>(run, 'project.list', {}, 1);
    const large = await all<Project>(run, 'project.list', {}, 500);

    expect(large.map(({ id }) => id)).toEqual(expect.arrayContaining([...of().projects]));
    expect(new Set(small.map(({ id }) => id)).size).toBe(small.length);
    expect(small.map(({ id }) => id).sort()).toEqual(large.map(({ id }) => id).sort());
  });

  it('project.list refuses a cursor that it did not hand out', async () => {
    for (const cursor of ['forged', Buffer.from('{"page":"../../admin","offset":0}').toString('base64url')]) {
      await expect(run('project.list', { cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
    }
  });
}

function project(run: Run, of: Of): void {
  it('project.get gives one project by id and by key, with its statuses', async () => {
    const { projectId, projectKey, statuses } = of();

    const byId = await run<ProjectDetail>('project.get', { projectId });

    expect(byId.key).toBe(projectKey);
    expect(await run('project.get', { projectId: projectKey })).toEqual(byId);
    expect(byId.statuses.map((status) => status.name)).toEqual(expect.arrayContaining([...statuses]));
  });
}

function comments(run: Run, of: Of): void {
  it('comment.add and comment.list keep the text, oldest first, in pages', async () => {
    const { text = markdown } = of();
    const { id } = await create(run, of);

    const added = [await run<TaskComment>('comment.add', { taskId: id, body: text })];
    for (const body of ['second', 'third']) added.push(await run('comment.add', { taskId: id, body }));

    const listed = await all<TaskComment>(run, 'comment.list', { taskId: id }, 2);
    expect(listed.map(({ body }) => body)).toEqual([text, 'second', 'third']);
    expect(listed.map((comment) => comment.id)).toEqual(added.map((comment) => comment.id));
  });
}

function labels(run: Run, of: Of): void {
  it('label.add adds a label that label.list names, once', async () => {
    const {
      projectId,
      labels: [first, second],
    } = of();
    const names = (await all<TaskLabel>(run, 'label.list', { projectId }, 500)).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([first, second]));
    const { id } = await create(run, of, { labels: [first] });

    const added = await run<{ labels: string[] }>('label.add', { taskId: id, label: second });
    expect([...added.labels].sort()).toEqual([first, second].sort());
    const again = await run<{ labels: string[] }>('label.add', { taskId: id, label: second });
    expect([...again.labels].sort()).toEqual([first, second].sort());
    expect((await run<Task>('task.get', { taskId: id })).labels).toHaveLength(2);
  });
}

function searching(run: Run, of: Of): void {
  it('task.search finds a task by a word of its title, and does not take it for a query', async () => {
    const { projectId } = of();
    const word = `quokka${nextSerial()}x`;
    const { id } = await create(run, of, { title: `The ${word} problem` });
    const search = (query: string, more: object = {}) =>
      run<Listed<Task>>('task.search', { query, syntax: 'text', ...more });

    expect((await search(word)).items.map((task) => task.id)).toEqual([id]);
    expect((await search(word, { projectId })).items.map((task) => task.id)).toEqual([id]);
    expect((await search(`no${word}`)).items).toEqual([]);
    for (const hostile of ['" OR project is not EMPTY ORDER BY key', "') || true", '\\', '{"a":1}'])
      expect((await search(hostile)).items.map((task) => task.id)).not.toContain(id);
  });
}

function missing(offered: readonly ProjectManagementActionId[], run: Run, of: Of): void {
  const inputs: Partial<Record<ProjectManagementActionId, object>> = {
    'project.get': {},
    'task.get': {},
    'task.update': { title: 'x' },
    'task.transition': { targetStatus: 'x' },
    'comment.list': {},
    'comment.add': { body: 'x' },
    'label.add': { label: 'x' },
  };
  it.each(offered.filter((id) => inputs[id] !== undefined))('%s says that there is no such thing', async (action) => {
    const { missing: absent } = of();
    const input = action === 'project.get' ? { projectId: absent.projectId } : { taskId: absent.taskId };

    await expect(run(action, { ...input, ...inputs[action] })).rejects.toMatchObject({ code: 'provider_not_found' });
  });
}

function refusing(offered: readonly ProjectManagementActionId[], run: Run, of: Of): void {
  it.each(offered)('%s refuses what its schema does not allow, before anything is sent', async (action) => {
    const { projectId } = of();
    const ids = ['a/b', '..', '.', 'a b', 'a?b', 'a#b', 'a%2fb', ''].map((value) => ({
      taskId: value,
      projectId: value,
    }));
    const wrong: Partial<Record<ProjectManagementActionId, readonly object[]>> = {
      'project.list': [{ limit: 0 }, { limit: 501 }, { cursor: '' }],
      'task.list': [{ projectId, updatedSince: 'yesterday' }],
      'task.create': [
        { projectId },
        { projectId, title: ' ' },
        { projectId, title: 'x', dueDate: '2027-02-30' },
        { projectId, title: 'x', priority: 'asap' },
        { projectId, title: 'x', labels: ['a', 'a'] },
      ],
      'task.update': [{ taskId: 'A-1' }, { taskId: 'A-1', title: '' }],
      'task.search': [{ query: ' ' }, { query: 'x', syntax: 'sql' }],
    };
    const named = action === 'project.list' || action === 'task.search' ? [] : [{}, ...ids];
    for (const input of [{ unknownField: 1 }, ...named, ...(wrong[action] ?? [])]) {
      await expect(run(action, input), JSON.stringify(input)).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });
}
