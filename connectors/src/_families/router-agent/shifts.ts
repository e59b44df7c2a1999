import { type AnyAction, defineAction } from '@inthub/connector-sdk';
import Type from 'typebox';
import { Shift } from './api.ts';

const closed = { additionalProperties: false };
const ShiftId = Type.Object({ id: Type.String({ format: 'uuid', description: 'As shift.start gave it.' }) }, closed);

/** Moving traffic step by step. It runs in the agent, so it goes on when the hub restarts. */
export function shiftActions(connectorId: 'nginx' | 'haproxy'): AnyAction[] {
  return [
    defineAction({
      id: `${connectorId}.shift.start`,
      title: 'Shift weights in steps',
      description:
        'Moves weights from what they are to what they shall be, step by step, verified after each; a step that fails, or a backend that goes down, brings the first weights back.',
      input: Type.Object(
        {
          upstream: Type.String({ minLength: 1, maxLength: 255 }),
          weights: Type.Record(
            Type.String({ minLength: 1, maxLength: 255 }),
            Type.Integer({ minimum: 0, maximum: 65_535 }),
            {
              minProperties: 1,
              maxProperties: 500,
              description: 'Weights at the end, by backend.',
            },
          ),
          steps: Type.Optional(
            Type.Array(Type.Integer({ minimum: 0, maximum: 100 }), {
              minItems: 1,
              maxItems: 50,
              default: [10, 25, 50, 100],
              description: 'Percent of the way, rising to 100.',
            }),
          ),
          pauseSeconds: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 3_600, default: 30, description: 'Between two steps.' }),
          ),
        },
        closed,
      ),
      output: Shift,
      capability: 'weight.set',
      safe: false,
      run: async ({ upstream, weights, steps = [10, 25, 50, 100], pauseSeconds = 30 }, ctx) =>
        (await ctx.http.post('/v1/shifts', { json: { upstream, weights, steps, pauseMs: pauseSeconds * 1000 } })).json(
          Shift,
        ),
    }),
    defineAction({
      id: `${connectorId}.shift.get`,
      title: 'Look at a shift',
      description: 'How far a shift has come, and how it ended.',
      input: ShiftId,
      output: Shift,
      capability: 'upstream.get',
      safe: true,
      run: async ({ id }, ctx) => (await ctx.http.get(`/v1/shifts/${id}`)).json(Shift),
    }),
    defineAction({
      id: `${connectorId}.shift.abort`,
      title: 'Abort a shift',
      description: 'Stops a shift, and brings the weights of its beginning back.',
      input: ShiftId,
      output: Shift,
      capability: 'weight.set',
      safe: false,
      run: async ({ id }, ctx) => (await ctx.http.delete(`/v1/shifts/${id}`, { retry: 'never' })).json(Shift),
    }),
  ];
}
