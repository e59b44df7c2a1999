/** The parts of the project-management suite that are about tasks themselves. */
import { HubError } from '@inthub/contracts';
import { expect, it } from 'vitest';
import type { ProjectManagementActionId, Task, TaskDetail } from '../index.ts';

/** What the product under test holds. The suite creates tasks of its own and changes no others. */
export interface ProjectManagementFixtures {
  readonly projectId: string;
  readonly projectKey: string;
  /** Ids of projects that the list must show, among others. */
  readonly projects: readonly string[];
  /** Somebody whom a task can be given to. */
  readonly userId: string;
  /** Labels of the project that a task can carry. */
  readonly labels: readonly [string, string, ...string[]];
  /** Names of statuses that a new task can be moved to, one after the other. */
  readonly statuses: readonly [string, string];
  readonly missing: { readonly projectId: string; readonly taskId: string };
  /** The product keeps story points. Default true. */
  readonly hasEstimates?: boolean;
  /** Text that descriptions and comments give back as it was; default Markdown of every kind. */
  readonly text?: string;
}

export interface Listed<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}
export type Run = <Output>(action: ProjectManagementActionId, input: unknown) => Promise<Output>;
export type Of = () => ProjectManagementFixtures;

export const markdown =
  'A paragraph with **bold**, *italic*, `code` and a [link](https://example.com/a?b=1).\n\n- one\n- two: grüß 日本 👩‍👩‍👧\n\n```ts\nconst a = "<b>" && 1;\n```';

let serial = 0;
/** A number that no other test of this process has. */
export function nextSerial(): number {
  serial += 1;
  return serial;
}

/** A task of the suite's own. */
export function create(run: Run, of: Of, more: object = {}): Promise<Task> {
  return run<Task>('task.create', { projectId: of().projectId, title: `Conformance ${nextSerial()}`, ...more });
}

export function creating(run: Run, of: Of): void {
  it('task.create makes a task that task.get gives back by id and by key', async () => {
    const {
      userId,
      labels: [label],
      text = markdown,
      hasEstimates = true,
    } = of();
    const given = {
      title: 'Ünïcode 日本 👩‍👩‍👧 <b> & "quotes" \\ $x',
      description: text,
      priority: 'high',
      assignee: userId,
      labels: [label],
      dueDate: '2027-02-28',
      ...(hasEstimates ? { estimatePoints: 5 } : {}),
    };

    const made = await create(run, of, given);

    expect(made).toMatchObject(given);
    const byId = await run<TaskDetail>('task.get', { taskId: made.id });
    expect(byId).toMatchObject({ ...given, id: made.id, key: made.key });
    expect(byId.transitions.length).toBeGreaterThan(0);
    expect(await run('task.get', { taskId: made.key })).toEqual(byId);
    expect(new URL(made.url).pathname).toContain(made.key);
  });

  it('task.create needs no more than a title', async () => {
    const made = await create(run, of);

    expect(made).toMatchObject({ description: '', assignee: null, labels: [], dueDate: null });
    expect(made.key.startsWith(`${of().projectKey}-`)).toBe(true);
  });

  it('task.create keeps a long description whole', async () => {
    const description = 'Zeile 🙂 und *mehr* Text\n\n'.repeat(400).trimEnd();

    const { id } = await create(run, of, {
      description: of().text === undefined ? description : description.replaceAll('*', ''),
    });

    const { description: kept } = await run<Task>('task.get', { taskId: id });
    expect(kept.match(/🙂/g)).toHaveLength(400);
  });
}

export function listing(run: Run, of: Of): void {
  it('task.list gives the tasks of a project once, in pages, narrowed as asked', async () => {
    const {
      projectId,
      userId,
      labels: [label],
    } = of();
    const made = [
      await create(run, of, { labels: [label] }),
      await create(run, of, { assignee: userId }),
      await create(run, of),
    ];
    const ids = (items: readonly Task[]) => items.map(({ id }) => id);

    const small = ids(await all<Task>(run, 'task.list', { projectId }, 2));
    const large = await all<Task>(run, 'task.list', { projectId }, 500);

    expect(ids(large)).toEqual(expect.arrayContaining(ids(made)));
    expect([...small].sort()).toEqual(ids(large).sort());
    expect(new Set(small).size).toBe(small.length);
    const labelled = await all<Task>(run, 'task.list', { projectId, label }, 500);
    expect(ids(labelled)).toContain(made[0]?.id);
    expect(ids(labelled)).not.toContain(made[2]?.id);
    const assigned = await all<Task>(run, 'task.list', { projectId, assignee: userId }, 500);
    expect(ids(assigned)).toContain(made[1]?.id);
    expect(assigned.every(({ assignee }) => assignee === userId)).toBe(true);
    const inStatus = await all<Task>(run, 'task.list', { projectId, status: made[2]?.status }, 500);
    expect(ids(inStatus)).toContain(made[2]?.id);
    expect(await all<Task>(run, 'task.list', { projectId, updatedSince: '2099-01-01T00:00:00.000Z' }, 500)).toEqual([]);
  });
}

export function updating(run: Run, of: Of): void {
  it('task.update changes what is named and nothing else, and takes values away', async () => {
    const {
      userId,
      labels: [first, second],
      text = markdown,
    } = of();
    const { id, title } = await create(run, of, { description: 'before', labels: [first], priority: 'low' });

    const changed = await run<Task>('task.update', {
      taskId: id,
      description: text,
      assignee: userId,
      dueDate: '2027-01-02',
    });
    expect(changed).toMatchObject({
      title,
      description: text,
      assignee: userId,
      dueDate: '2027-01-02',
      labels: [first],
      priority: 'low',
    });

    const emptied = await run<Task>('task.update', {
      taskId: id,
      title: 'After',
      assignee: null,
      dueDate: null,
      description: '',
      labels: [second],
    });
    expect(emptied).toMatchObject({ title: 'After', assignee: null, dueDate: null, description: '', labels: [second] });
    for (const priority of ['urgent', 'high', 'medium', 'low']) {
      expect(await run('task.update', { taskId: id, priority })).toMatchObject({ priority });
    }
  });
}

export function moving(run: Run, of: Of): void {
  it('task.transition moves by name, whatever its case, and by id', async () => {
    const {
      statuses: [first, second],
    } = of();
    const { id, status } = await create(run, of);
    expect(status).not.toBe(first);

    expect(await run('task.transition', { taskId: id, targetStatus: first.toUpperCase() })).toMatchObject({
      id,
      status: first,
    });
    const { transitions } = await run<TaskDetail>('task.get', { taskId: id });
    const next = transitions.find((transition) => transition.status === second);
    expect(next, `a transition from ${first} to ${second}`).toBeDefined();
    expect(await run('task.transition', { taskId: id, targetStatus: next?.id })).toMatchObject({ status: second });
  });

  it('task.transition names the legal targets when it is asked for another', async () => {
    const {
      statuses: [first],
    } = of();
    const { id, status } = await create(run, of);

    await expect(run('task.transition', { taskId: id, targetStatus: 'No Such Status' })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(first),
    });
    expect(await run('task.get', { taskId: id })).toMatchObject({ status });
  });
}

/** Every item of a list, in pages of at most `limit`. */
export async function all<Item extends { readonly id: string | null }>(
  run: Run,
  action: ProjectManagementActionId,
  input: object,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const page: Listed<Item> = await run(action, { ...input, limit, ...(cursor === null ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    cursor = page.nextCursor;
    pages += 1;
    if (pages > 2000) throw new HubError('internal', `${action} does not end: ${pages} pages of at most ${limit}.`);
  } while (cursor !== null);
  return items;
}
