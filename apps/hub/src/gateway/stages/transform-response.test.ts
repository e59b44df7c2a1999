import { createId, HubError, type TenantId } from '@inthub/contracts';
import { expect, it } from 'vitest';
import { createCallState } from '../call-state.ts';
import { createTransformResponse } from './transform-response.ts';

function stateOf(executed: boolean, thrown: unknown) {
  const principal = {
    tenantId: createId<TenantId>(),
    kind: 'system',
    id: 's',
    name: 'S',
    scopes: new Set<never>(),
  } as const;
  const call = { principal, integrationId: createId<string>(), requestId: 'r' };
  const state = createCallState(call, { kind: 'connection_test', fresh: false }, 0, 0);
  state.executed = executed;
  state.thrown = { error: thrown };
  return state;
}

it.each([
  [true, 'connector_failed'],
  [false, 'internal'],
])('makes an unexpected error one of the table, its text private (executed: %s)', (executed, code) => {
  const cause = new TypeError('token=abc');
  const state = stateOf(executed, cause);

  createTransformResponse().run(state);

  if (state.outcome?.ok !== false) throw new Error('expected a failure');
  expect(state.outcome.error).toMatchObject({ code, blame: 'hub', cause });
  expect(state.outcome.error.message).not.toContain('abc');
});

it('leaves HubErrors and finished outcomes as they are', () => {
  const error = new HubError('provider_not_found', 'No such tag.');
  const failed = stateOf(true, error);
  const cached = stateOf(false, error);
  cached.outcome = { ok: true, value: 1 };

  createTransformResponse().run(failed);
  createTransformResponse().run(cached);

  expect(failed.outcome).toEqual({ ok: false, error });
  expect(cached.outcome).toEqual({ ok: true, value: 1 });
});
