/** The shapes that every project-management connector shares (source: IProjectManagementAdapter and Task of the connector interface). */
import { NullableTimestamp, Timestamp } from '@inthub/contracts';
import Type from 'typebox';
import { closed, nullable, pageInput, pageOutput } from './fields.ts';

// One path segment of any product; nothing in it can reach another path.
const id = (title: string, description: string, examples: readonly string[]) =>
  Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^(?!\\.{1,2}$)[^\\s/?#%\\\\\\x00-\\x1f\\x7f]+$',
    title,
    description,
    examples: [...examples],
  });
const ProjectId = id('Project', 'Id or key of the project, as project.list gives it.', ['PROJ']);
const TaskId = id('Task', 'Id or key of the task.', ['PROJ-123']);
const UserId = id('User', "The product's id of the user, as in a task's `assignee`.", []);
const LabelName = Type.String({ minLength: 1, maxLength: 255, pattern: '\\S', title: 'Label' });
const DateOnly = Type.String({ format: 'date', title: 'Due date', examples: ['2026-12-24'] });
const Title = Type.String({ minLength: 1, maxLength: 255, pattern: '\\S', title: 'Title' });
const Markdown = Type.String({
  maxLength: 32_767,
  description: 'Markdown (CommonMark with tables and strikethrough).',
});
const Points = Type.Number({ minimum: 0, maximum: 1_000_000, title: 'Estimate', description: 'Story points.' });

export const taskPriorities = ['urgent', 'high', 'medium', 'low', 'none'] as const;
export type TaskPriority = (typeof taskPriorities)[number];
const Priority = Type.Enum([...taskPriorities], { title: 'Priority' });

const StatusCategory = Type.Enum(['todo', 'in_progress', 'done', 'unknown'], {
  description: 'What the status means, whatever its name.',
});
export type TaskStatusCategory = Type.Static<typeof StatusCategory>;

export const Project = Type.Object({
  id: Type.String({ description: 'Usable as `projectId`.' }),
  key: Type.String({ description: 'Short name that task keys begin with; usable as `projectId` too.' }),
  name: Type.String(),
  description: nullable(Type.String()),
  isArchived: nullable(Type.Boolean()),
  url: nullable(Type.String()),
});
export type Project = Type.Static<typeof Project>;

const Status = Type.Object({ id: Type.String(), name: Type.String(), category: StatusCategory });
export type TaskStatus = Type.Static<typeof Status>;

export const ProjectDetail = Type.Object({
  ...Project.properties,
  lead: nullable(Type.String({ description: "The product's id of who leads it." })),
  statuses: Type.Array(Status, { description: 'Every status that a task of the project can be in.' }),
});
export type ProjectDetail = Type.Static<typeof ProjectDetail>;

export const Task = Type.Object({
  id: Type.String(),
  key: Type.String({ examples: ['PROJ-123'] }),
  projectId: Type.String(),
  title: Type.String(),
  description: Type.String({ description: 'Markdown; empty where there is none.' }),
  status: Type.String(),
  statusCategory: StatusCategory,
  priority: Priority,
  assignee: nullable(Type.String({ description: "The product's id of the user." })),
  assigneeName: nullable(Type.String()),
  reporter: nullable(
    Type.String({ description: "The product's id of the user; null for anonymous and deleted ones." }),
  ),
  reporterName: nullable(Type.String()),
  labels: Type.Array(Type.String()),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  dueDate: nullable(DateOnly),
  estimatePoints: nullable(Type.Number()),
  url: Type.String(),
  raw: Type.Record(Type.String(), Type.Unknown(), { description: 'What only this product has.' }),
});
export type Task = Type.Static<typeof Task>;

const Transition = Type.Object({
  id: Type.String({ description: 'Usable as `targetStatus`.' }),
  name: Type.String(),
  status: Type.String({ description: 'Where it leads; usable as `targetStatus`.' }),
});
export type TaskTransition = Type.Static<typeof Transition>;
export const TaskDetail = Type.Object({
  ...Task.properties,
  transitions: Type.Array(Transition, { description: 'The moves that are legal now.' }),
});
export type TaskDetail = Type.Static<typeof TaskDetail>;

export const Comment = Type.Object({
  id: Type.String(),
  body: Type.String({ description: 'Markdown.' }),
  author: nullable(Type.String({ description: "The product's id of the user." })),
  authorName: nullable(Type.String()),
  createdAt: Timestamp,
  updatedAt: NullableTimestamp,
  url: nullable(Type.String()),
});
export type TaskComment = Type.Static<typeof Comment>;

export const Label = Type.Object({
  id: nullable(Type.String({ description: 'Null where labels are just words.' })),
  name: Type.String(),
  description: nullable(Type.String()),
  colour: nullable(Type.String({ examples: ['#ff0000'] })),
});
export type TaskLabel = Type.Static<typeof Label>;

export const ProjectListInput = Type.Object({ ...pageInput }, closed);
export const ProjectListOutput = pageOutput(Project);
export const ProjectGetInput = Type.Object({ projectId: ProjectId }, closed);

export const TaskListInput = Type.Object(
  {
    projectId: ProjectId,
    status: Type.Optional(Type.String({ minLength: 1, maxLength: 255, title: 'Status', description: 'Name.' })),
    assignee: Type.Optional(UserId),
    label: Type.Optional(LabelName),
    updatedSince: Type.Optional(Type.String({ format: 'date-time', title: 'Updated since' })),
    ...pageInput,
  },
  closed,
);
export const TaskListOutput = pageOutput(Task);
export const TaskGetInput = Type.Object({ taskId: TaskId }, closed);

const taskFields = {
  description: Type.Optional(Markdown),
  priority: Type.Optional(Priority),
  assignee: Type.Optional(nullable(UserId)),
  labels: Type.Optional(Type.Array(LabelName, { maxItems: 50, uniqueItems: true })),
  dueDate: Type.Optional(nullable(DateOnly)),
  estimatePoints: Type.Optional(nullable(Points)),
};
export const TaskCreateInput = Type.Object(
  {
    projectId: ProjectId,
    title: Title,
    ...taskFields,
    parentId: Type.Optional({ ...TaskId, title: 'Parent', description: 'Id or key of the task that this is part of.' }),
    type: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description: 'Kind of task, for products that have them; default Task.',
      }),
    ),
  },
  closed,
);
export type TaskCreate = Type.Static<typeof TaskCreateInput>;
export const TaskUpdateInput = Type.Object(
  { taskId: TaskId, title: Type.Optional(Title), ...taskFields },
  {
    ...closed,
    minProperties: 2,
    description: 'Only what is named changes; null takes a value away; labels are replaced as a whole.',
  },
);
export type TaskUpdate = Type.Static<typeof TaskUpdateInput>;

export const TaskTransitionInput = Type.Object(
  {
    taskId: TaskId,
    targetStatus: Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: '\\S',
      title: 'Target status',
      description: 'Name of the status, or name or id of the transition.',
    }),
  },
  closed,
);

export const CommentListInput = Type.Object({ taskId: TaskId, ...pageInput }, closed);
export const CommentListOutput = pageOutput(Comment);
export const CommentAddInput = Type.Object(
  { taskId: TaskId, body: { ...Markdown, minLength: 1, title: 'Comment' } },
  closed,
);

export const LabelListInput = Type.Object({ projectId: ProjectId, ...pageInput }, closed);
export const LabelListOutput = pageOutput(Label);
export const LabelAddInput = Type.Object({ taskId: TaskId, label: LabelName }, closed);
export const LabelAddOutput = Type.Object({
  taskId: Type.String(),
  labels: Type.Array(Type.String(), { description: 'All that the task has now.' }),
});

export const TaskSearchInput = Type.Object(
  {
    query: Type.String({ minLength: 1, maxLength: 4000, pattern: '\\S', title: 'Query' }),
    syntax: Type.Optional(
      Type.Enum(['native', 'text'], {
        default: 'native',
        description:
          "native: the product's own query language where it has one (JQL); text: plain words, the same everywhere.",
      }),
    ),
    projectId: Type.Optional(ProjectId),
    ...pageInput,
  },
  closed,
);
export const TaskSearchOutput = pageOutput(Task);
