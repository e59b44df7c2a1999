/** The router agent's API, version 1. Source: apps/router-agent/README.md of this project. */
import { RouterUpstream } from '@inthub/connector-sdk';
import Type from 'typebox';

export const Info = Type.Object({ product: Type.String(), version: Type.String(), revision: Type.String() });
export const Upstreams = Type.Object({ revision: Type.String(), upstreams: Type.Array(RouterUpstream) });
export const Applied = Type.Object({ revision: Type.String(), previousRevision: Type.String() });
export const Changed = Type.Object({
  revision: Type.String(),
  previousRevision: Type.String(),
  upstream: RouterUpstream,
});
export const Verdict = Type.Object({ valid: Type.Boolean(), messages: Type.Array(Type.String()) });
export const Shift = Type.Object({
  id: Type.String(),
  upstream: Type.String(),
  state: Type.Enum(['running', 'done', 'failed', 'aborted']),
  step: Type.Integer(),
  steps: Type.Integer(),
  weights: Type.Record(Type.String(), Type.Integer()),
  message: Type.String(),
  startedAt: Type.String(),
  endedAt: Type.Union([Type.String(), Type.Null()]),
});

export function upstreamPath(upstream: string): string {
  return `/v1/upstreams/${encodeURIComponent(upstream)}`;
}
