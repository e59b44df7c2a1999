/** Annotations of source control: comment, status and check run over every product (ANN). */
import Type from 'typebox';
import { NullableTimestamp, Timestamp } from './timestamp.ts';

const closed = { additionalProperties: false };
const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

const repository = {
  owner: Type.String({
    minLength: 1,
    maxLength: 255,
    examples: ['octo-org'],
    description: 'User, organisation or group.',
  }),
  repository: Type.String({ minLength: 1, maxLength: 255, examples: ['hello-world'] }),
};
const PullRequestNumber = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
const CommitSha = Type.String({ pattern: '^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$', description: 'Whole commit id.' });
const Key = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[A-Za-z0-9][A-Za-z0-9 ._/:-]*$',
  description: 'Tells one comment of the hub from another on the same pull request.',
  examples: ['security/scan'],
});

export const ScmCommentRequest = Type.Object(
  {
    ...repository,
    pullRequestNumber: PullRequestNumber,
    body: Type.String({ minLength: 1, maxLength: 1_000_000, description: 'Markdown; cut to what the product takes.' }),
    key: Type.Optional({ ...Key, default: 'default' }),
    commentId: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Update this very comment.' })),
    updateExisting: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Update the comment that the hub wrote under this key, if there is one.',
      }),
    ),
  },
  closed,
);
export type ScmCommentRequest = Type.Static<typeof ScmCommentRequest>;

export const scmStatusStates = ['pending', 'success', 'failure', 'error'] as const;
export const ScmStatusRequest = Type.Object(
  {
    ...repository,
    commitSha: CommitSha,
    state: Type.Enum([...scmStatusStates]),
    context: Key,
    description: Type.Optional(Type.String({ maxLength: 1000 })),
    targetUrl: Type.Optional(Type.String({ format: 'uri', maxLength: 2048, pattern: '^https?://' })),
  },
  closed,
);
export type ScmStatusRequest = Type.Static<typeof ScmStatusRequest>;

export const annotationLevels = ['notice', 'warning', 'failure'] as const;
export type AnnotationLevel = (typeof annotationLevels)[number];
const Line = Type.Integer({ minimum: 1, maximum: 10_000_000 });
export const ScmAnnotation = Type.Object(
  {
    path: Type.String({ minLength: 1, maxLength: 4096, pattern: '^(?!/)(?!(?:.*/)?\\.{1,2}(?:/|$))[^\\x00]+$' }),
    startLine: Line,
    endLine: Line,
    level: Type.Enum([...annotationLevels]),
    message: Type.String({ minLength: 1, maxLength: 65_535 }),
    title: Type.Optional(Type.String({ maxLength: 255 })),
  },
  closed,
);
export type ScmAnnotation = Type.Static<typeof ScmAnnotation>;

export const checkConclusions = [
  'success',
  'failure',
  'neutral',
  'cancelled',
  'skipped',
  'timed_out',
  'action_required',
] as const;
export type CheckConclusion = (typeof checkConclusions)[number];
export const ScmCheckRunRequest = Type.Object(
  {
    ...repository,
    headSha: CommitSha,
    name: Key,
    status: Type.Optional(Type.Enum(['queued', 'in_progress', 'completed'])),
    conclusion: Type.Optional(Type.Enum([...checkConclusions], { description: 'Makes it completed.' })),
    summary: Type.Optional(Type.String({ maxLength: 1_000_000, description: 'Markdown.' })),
    text: Type.Optional(Type.String({ maxLength: 1_000_000, description: 'Markdown.' })),
    annotations: Type.Optional(Type.Array(ScmAnnotation, { maxItems: 5_000 })),
    detailsUrl: Type.Optional(Type.String({ format: 'uri', maxLength: 2048, pattern: '^https?://' })),
    pullRequestNumber: Type.Optional({
      ...PullRequestNumber,
      description: 'Where remarks go when the product has no check runs.',
    }),
  },
  closed,
);
export type ScmCheckRunRequest = Type.Static<typeof ScmCheckRunRequest>;

export const findingSeverities = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type FindingSeverity = (typeof findingSeverities)[number];
export const Finding = Type.Object(
  {
    ruleId: Type.String({ minLength: 1, maxLength: 255 }),
    title: Type.Optional(Type.String({ maxLength: 255 })),
    message: Type.String({ minLength: 1, maxLength: 10_000 }),
    severity: Type.Enum([...findingSeverities]),
    path: Type.Optional(ScmAnnotation.properties.path),
    startLine: Type.Optional(Line),
    endLine: Type.Optional(Line),
    helpUrl: Type.Optional(Type.String({ format: 'uri', maxLength: 2048, pattern: '^https?://' })),
  },
  closed,
);
export type Finding = Type.Static<typeof Finding>;

export const FindingsRequest = Type.Object(
  {
    ...repository,
    commitSha: CommitSha,
    pullRequestNumber: Type.Optional({ ...PullRequestNumber, description: 'Without it there is no comment.' }),
    name: { ...Key, description: 'Name of the check, context of the status and key of the comment.' },
    findings: Type.Optional(Type.Array(Finding, { maxItems: 5_000 })),
    sarif: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'A SARIF 2.1.0 log. Exactly one of findings and sarif.',
      }),
    ),
    failOn: Type.Optional(
      Type.Enum([...findingSeverities, 'never'], {
        default: 'high',
        description: 'Findings of this severity or above fail.',
      }),
    ),
    publish: Type.Optional(
      Type.Array(Type.Enum(['comment', 'status', 'check_run']), {
        minItems: 1,
        uniqueItems: true,
        default: ['comment', 'status', 'check_run'],
      }),
    ),
    targetUrl: ScmStatusRequest.properties.targetUrl,
  },
  { ...closed, oneOf: [{ required: ['findings'] }, { required: ['sarif'] }] },
);
export type FindingsRequest = Type.Static<typeof FindingsRequest>;

/** What became of one operation. It never throws for the provider's failures: a pipeline goes on without its comment. */
export const ScmOperationResult = Type.Object(
  {
    success: Type.Boolean(),
    result: nullable(
      Type.Object({
        id: nullable(Type.String()),
        url: nullable(Type.String()),
        updated: Type.Boolean({ description: 'An earlier one was changed.' }),
        via: Type.Enum(['comment', 'status', 'check_run', 'status_and_comment'], {
          description: 'What the product got; a check run becomes status and remarks where there are no check runs.',
        }),
        annotations: Type.Integer({ minimum: 0, description: 'Remarks on lines that were posted.' }),
        isTruncated: Type.Boolean({ description: 'The product takes less than there was.' }),
      }),
    ),
    errorCode: nullable(Type.String()),
    errorMessage: nullable(Type.String()),
    isTransient: Type.Boolean({ description: 'The same may succeed later.' }),
    skippedOffline: Type.Boolean({ description: 'Nothing was sent; the payload is kept under keptId.' }),
    keptId: nullable(Type.String({ format: 'uuid' })),
  },
  { $id: 'ScmOperationResult' },
);
export type ScmOperationResult = Type.Static<typeof ScmOperationResult>;

export const FindingsResult = Type.Object({
  comment: nullable(Type.Unsafe<ScmOperationResult>({ $ref: 'ScmOperationResult' })),
  status: nullable(Type.Unsafe<ScmOperationResult>({ $ref: 'ScmOperationResult' })),
  checkRun: nullable(Type.Unsafe<ScmOperationResult>({ $ref: 'ScmOperationResult' })),
  findings: Type.Integer({ minimum: 0 }),
  bySeverity: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
});
export type FindingsResult = Type.Static<typeof FindingsResult>;

export const scmOperations = ['comment', 'status', 'check_run'] as const;
export type ScmOperation = (typeof scmOperations)[number];

/** An annotation that was not sent because the hub was offline. */
export const KeptAnnotation = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    integrationId: Type.String({ format: 'uuid' }),
    operation: Type.Enum([...scmOperations]),
    payload: Type.Record(Type.String(), Type.Unknown(), { description: 'The request as it was made.' }),
    state: Type.Enum(['kept', 'posted']),
    createdAt: Timestamp,
    createdBy: Type.String(),
    postedAt: NullableTimestamp,
    lastError: nullable(Type.String()),
  },
  { $id: 'KeptAnnotation' },
);
export type KeptAnnotation = Type.Static<typeof KeptAnnotation>;
