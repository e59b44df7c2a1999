/** Standard actions of issue trackers: a connector gives the handlers that its product can serve, the rest is the same everywhere. */
import { invalidField, pageLimits } from '@inthub/contracts';
import type { AnyAction } from '../action.ts';
import type { Discover } from '../connector.ts';
import type { DataScope } from '../data-scope.ts';
import {
  Comment,
  CommentAddInput,
  CommentListInput,
  CommentListOutput,
  LabelAddInput,
  LabelAddOutput,
  LabelListInput,
  LabelListOutput,
  ProjectDetail,
  ProjectGetInput,
  ProjectListInput,
  ProjectListOutput,
  Task,
  TaskCreateInput,
  TaskDetail,
  TaskGetInput,
  TaskListInput,
  TaskListOutput,
  TaskSearchInput,
  TaskSearchOutput,
  TaskTransitionInput,
  TaskUpdateInput,
} from './project-management-schemas.ts';
import { type ActionSpecs, type Handlers, type StandardActionsOptions, standardActions } from './standard-actions.ts';

/** A task's id does not tell its project, so a grant that is restricted to projects does not cover what names only a task. */
const tasks = { dataTypes: ['issues'], containsPii: true } as const satisfies DataScope;
const tasksOfProject = { ...tasks, project: '/projectId' } as const;
const projectOnly = { dataTypes: ['issues'], containsPii: false, project: '/projectId' } as const satisfies DataScope;

/** Everything about the standard actions but the handler. */
export const projectManagementActionSpecs = {
  'project.list': {
    title: 'List projects',
    description: 'Projects that the credential may see, in the order of the product.',
    input: ProjectListInput,
    output: ProjectListOutput,
    safe: true,
    weight: 5,
    dataScope: { dataTypes: ['issues'], containsPii: false },
  },
  'project.get': {
    title: 'Get a project',
    description: 'One project with the statuses that its tasks can be in.',
    input: ProjectGetInput,
    output: ProjectDetail,
    safe: true,
    dataScope: projectOnly,
  },
  'task.list': {
    title: 'List tasks',
    description: 'Tasks of a project, newest first, narrowed by status, assignee, label or time of the last change.',
    input: TaskListInput,
    output: TaskListOutput,
    safe: true,
    weight: 5,
    dataScope: tasksOfProject,
  },
  'task.get': {
    title: 'Get a task',
    description: 'One task with the transitions that are legal now.',
    input: TaskGetInput,
    output: TaskDetail,
    safe: true,
    dataScope: tasks,
  },
  'task.create': {
    title: 'Create a task',
    description: 'A new task in a project.',
    input: TaskCreateInput,
    output: Task,
    safe: false,
    dataScope: tasksOfProject,
  },
  'task.update': {
    title: 'Update a task',
    description: 'Changes the fields that are named, and no other.',
    input: TaskUpdateInput,
    output: Task,
    safe: false,
    dataScope: tasks,
  },
  'task.transition': {
    title: 'Move a task to another status',
    description: 'Takes the transition that leads to a status; an unknown target is refused with the legal ones.',
    input: TaskTransitionInput,
    output: Task,
    safe: false,
    dataScope: tasks,
  },
  'comment.list': {
    title: 'List comments',
    description: 'Comments of a task, oldest first.',
    input: CommentListInput,
    output: CommentListOutput,
    safe: true,
    weight: 5,
    dataScope: tasks,
  },
  'comment.add': {
    title: 'Add a comment',
    description: 'Comments on a task.',
    input: CommentAddInput,
    output: Comment,
    safe: false,
    dataScope: tasks,
  },
  'label.list': {
    title: 'List labels',
    description: 'Labels that tasks of a project can carry.',
    input: LabelListInput,
    output: LabelListOutput,
    safe: true,
    weight: 5,
    dataScope: projectOnly,
  },
  'label.add': {
    title: 'Add a label',
    description: 'Adds a label to a task; one that it has already changes nothing.',
    input: LabelAddInput,
    output: LabelAddOutput,
    safe: false,
    dataScope: tasks,
  },
  'task.search': {
    title: 'Search tasks',
    description: "Tasks that match a query in the product's own language, or plain words.",
    input: TaskSearchInput,
    output: TaskSearchOutput,
    safe: true,
    weight: 5,
    dataScope: tasksOfProject,
  },
} as const satisfies ActionSpecs;

export type ProjectManagementActionId = keyof typeof projectManagementActionSpecs;
export const projectManagementActionIds = Object.keys(
  projectManagementActionSpecs,
) as readonly ProjectManagementActionId[];

/** What an issue tracker can do; what it cannot is left out. */
export type ProjectManagementHandlers = Handlers<typeof projectManagementActionSpecs>;

/** The standard actions for which there is a handler, in the standard order. */
export function projectManagementActions(
  handlers: ProjectManagementHandlers,
  options: StandardActionsOptions<ProjectManagementActionId> = {},
): AnyAction[] {
  return standardActions(projectManagementActionSpecs, handlers, options);
}

/** Discovery of `projects`, and of `tasks` and `labels` with a project as parent, from the same handlers. */
export function projectManagementDiscovery(handlers: ProjectManagementHandlers): Record<string, Discover> {
  const { 'project.list': listProjects, 'task.list': listTasks, 'label.list': listLabels } = handlers;
  const discover: Record<string, Discover> = {};
  if (listProjects !== undefined) {
    discover['projects'] = async ({ cursor, limit }, ctx) => {
      const { items, nextCursor } = await listProjects(pageOf(cursor, limit), ctx);
      return {
        items: items.map(({ id, name, ...attributes }) => ({ id, name, type: 'projects', attributes })),
        nextCursor,
      };
    };
  }
  if (listTasks !== undefined) {
    discover['tasks'] = async ({ parent, cursor, limit }, ctx) => {
      const projectId = requireProject(parent, 'tasks');
      const { items, nextCursor } = await listTasks({ projectId, ...pageOf(cursor, limit) }, ctx);
      return {
        items: items.map(({ id, title, key, status, assignee, url }) => ({
          id,
          name: title,
          type: 'tasks',
          parent: projectId,
          attributes: { key, status, assignee, url },
        })),
        nextCursor,
      };
    };
  }
  if (listLabels !== undefined) {
    discover['labels'] = async ({ parent, cursor, limit }, ctx) => {
      const projectId = requireProject(parent, 'labels');
      const { items, nextCursor } = await listLabels({ projectId, ...pageOf(cursor, limit) }, ctx);
      return {
        items: items.map(({ id, name, ...attributes }) => ({
          id: id ?? name,
          name,
          type: 'labels',
          parent: projectId,
          attributes,
        })),
        nextCursor,
      };
    };
  }
  return discover;
}

function pageOf(cursor: string | undefined, limit: number): { cursor?: string; limit: number } {
  const size = Math.min(Math.max(1, limit), pageLimits.max);
  return { ...(cursor === undefined ? {} : { cursor }), limit: size };
}

function requireProject(parent: string | undefined, type: string): string {
  if (parent === undefined)
    throw invalidField('/parent', `is required for ${type}: the id of the project.`, 'required');
  if (!/^(?![.]{1,2}$)[^\s/?#%\\]+$/.test(parent))
    throw invalidField('/parent', 'is not the id of a project.', 'pattern');
  return parent;
}
