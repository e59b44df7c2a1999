import Type from 'typebox';
import { type ErrorCode, errorCodes } from './codes.ts';
import type { HubError } from './hub-error.ts';

/** RFC 9457 problem document with the hub's extensions. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'URI reference that names the code.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.Optional(Type.String()),
    code: Type.Enum(Object.keys(errorCodes) as ErrorCode[]),
    requestId: Type.Optional(Type.String()),
    retryable: Type.Boolean(),
    blame: Type.String(),
    retryAfterMs: Type.Optional(Type.Integer()),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), rule: Type.String(), message: Type.String() })),
    ),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { $id: 'Problem', description: 'RFC 9457 problem document.' },
);
export type Problem = Type.Static<typeof Problem>;

/** The problem document of an error; `internal` never shows its message. */
export function toProblem(error: HubError, context: { requestId?: string; instance?: string } = {}): Problem {
  const known = errorCodes[error.code];
  return {
    type: `urn:inthub:error:${error.code}`,
    title: known.title,
    status: known.status,
    detail: error.code === 'internal' ? `${known.title} Quote the request id to the operator.` : error.message,
    code: error.code,
    retryable: error.retryable,
    blame: error.blame,
    ...(context.instance === undefined ? {} : { instance: context.instance }),
    ...(context.requestId === undefined ? {} : { requestId: context.requestId }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(error.retryAfterMs) }),
    ...(error.errors.length === 0 ? {} : { errors: [...error.errors] }),
    ...(Object.keys(error.details).length === 0 ? {} : { details: { ...error.details } }),
  };
}
