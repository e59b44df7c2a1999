import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  failureThresholds,
  type IntegrationStatus,
  instanceStatusOf,
  integrationStatuses,
  type LifecycleMove,
  type LifecycleState,
  legalMoves,
  lifecycleMoves,
  type OperatorMove,
  operatorMoves,
  transition,
} from './lifecycle.ts';

const free = { approvalRequired: false };
const guarded = { approvalRequired: true };
const draft: LifecycleState = {
  status: 'draft',
  consecutiveFailures: 0,
  statusReason: null,
  lastTestSuccess: null,
  approvedBy: null,
};
/** A state as it really occurs in each status, after a passed test so that no move lacks its precondition. */
const states: Record<IntegrationStatus, LifecycleState> = {
  draft: { ...draft, lastTestSuccess: true },
  pending_verification: { ...draft, status: 'pending_verification', lastTestSuccess: true },
  active: { ...draft, status: 'active', lastTestSuccess: true },
  degraded: {
    ...draft,
    status: 'degraded',
    statusReason: 'check_failures',
    consecutiveFailures: 3,
    lastTestSuccess: false,
  },
  failed: {
    ...draft,
    status: 'failed',
    statusReason: 'check_failures',
    consecutiveFailures: 5,
    lastTestSuccess: false,
  },
  paused: { ...draft, status: 'paused', lastTestSuccess: true },
  uninstalling: { ...draft, status: 'uninstalling', lastTestSuccess: true },
  uninstalled: { ...draft, status: 'uninstalled', lastTestSuccess: true },
};
/** Expected next status; null: the move is illegal. Written out, so that a change of the table is made on purpose. */
const expected: Record<IntegrationStatus, Record<LifecycleMove, IntegrationStatus | null>> = {
  draft: {
    submit: 'pending_verification',
    check_passed: 'draft',
    check_failed: 'draft',
    activate: null,
    pause: null,
    resume: null,
    uninstall: 'uninstalling',
    removed: 'draft',
    connector_lost: 'draft',
    connector_returned: 'draft',
  },
  pending_verification: {
    submit: null,
    check_passed: 'active',
    check_failed: 'pending_verification',
    activate: 'active',
    pause: null,
    resume: null,
    uninstall: 'uninstalling',
    removed: 'pending_verification',
    connector_lost: 'pending_verification',
    connector_returned: 'pending_verification',
  },
  active: {
    submit: null,
    check_passed: 'active',
    check_failed: 'active',
    activate: null,
    pause: 'paused',
    resume: null,
    uninstall: 'uninstalling',
    removed: 'active',
    connector_lost: 'failed',
    connector_returned: 'active',
  },
  degraded: {
    submit: null,
    check_passed: 'active',
    check_failed: 'degraded',
    activate: null,
    pause: 'paused',
    resume: null,
    uninstall: 'uninstalling',
    removed: 'degraded',
    connector_lost: 'failed',
    connector_returned: 'degraded',
  },
  failed: {
    submit: null,
    check_passed: 'active',
    check_failed: 'failed',
    activate: null,
    pause: 'paused',
    resume: null,
    uninstall: 'uninstalling',
    removed: 'failed',
    connector_lost: 'failed',
    connector_returned: 'failed',
  },
  paused: {
    submit: null,
    check_passed: 'paused',
    check_failed: 'paused',
    activate: null,
    pause: null,
    resume: 'active',
    uninstall: 'uninstalling',
    removed: 'paused',
    connector_lost: 'paused',
    connector_returned: 'paused',
  },
  uninstalling: {
    submit: null,
    check_passed: 'uninstalling',
    check_failed: 'uninstalling',
    activate: null,
    pause: null,
    resume: null,
    uninstall: null,
    removed: 'uninstalled',
    connector_lost: 'uninstalling',
    connector_returned: 'uninstalling',
  },
  uninstalled: {
    submit: null,
    check_passed: 'uninstalled',
    check_failed: 'uninstalled',
    activate: null,
    pause: null,
    resume: null,
    uninstall: null,
    removed: 'uninstalled',
    connector_lost: 'uninstalled',
    connector_returned: 'uninstalled',
  },
};

/** The state after a move that must be legal. */
function after(
  state: LifecycleState,
  move: LifecycleMove,
  policy: { approvalRequired: boolean; actor?: string } = free,
) {
  const result = transition(state, move, policy);
  if (!result.legal) throw new Error(`${move} from ${state.status}: ${result.reason}`);
  return result.state;
}

const isOperatorMove = (move: LifecycleMove): move is OperatorMove =>
  (operatorMoves as readonly string[]).includes(move);

describe('lifecycle table', () => {
  const rows = integrationStatuses.flatMap((status) =>
    lifecycleMoves.map((move) => [status, move, expected[status][move]] as const),
  );

  it.each(rows)('%s + %s → %s', (status, move, next) => {
    const result = transition(states[status], move, { ...free, actor: 'ada' });

    if (next === null) {
      expect(result).toEqual({
        legal: false,
        reason: expect.stringContaining(status),
        legalMoves: operatorMoves.filter((candidate) => expected[status][candidate] !== null),
      });
    } else {
      expect(result).toMatchObject({ legal: true, state: { status: next } });
    }
  });

  it('names the state and every possible move when it refuses one', () => {
    expect(transition(states.active, 'resume', free)).toMatchObject({
      legal: false,
      reason: 'Cannot resume while active; possible: pause, uninstall.',
      legalMoves: ['pause', 'uninstall'],
    });
    expect(transition(states.uninstalled, 'pause', free)).toMatchObject({
      reason: 'Cannot pause while uninstalled; no move is possible any more.',
      legalMoves: [],
    });
  });

  it('lists as legal exactly the moves that it accepts', () => {
    for (const status of integrationStatuses) {
      expect(legalMoves(status)).toEqual(operatorMoves.filter((move) => transition(states[status], move, free).legal));
    }
  });

  it('has a word of the connector API for each status', () => {
    expect(instanceStatusOf).toEqual({
      draft: 'installed',
      pending_verification: 'authenticating',
      active: 'active',
      degraded: 'degraded',
      failed: 'error',
      paused: 'paused',
      uninstalling: 'uninstalling',
      uninstalled: 'uninstalled',
    });
  });
});

describe('checks', () => {
  it('degrades at the third failure in a row, fails at the fifth, and recovers at the first success from either', () => {
    const seen: string[] = [];
    let state = states.active;
    for (let count = 1; count <= 6; count++) {
      state = after(state, 'check_failed');
      seen.push(`${state.consecutiveFailures} ${state.status} ${state.statusReason}`);
      expect(after(state, 'check_passed')).toMatchObject({
        status: 'active',
        statusReason: null,
        consecutiveFailures: 0,
      });
    }

    expect(seen).toEqual([
      '1 active null',
      '2 active null',
      '3 degraded check_failures',
      '4 degraded check_failures',
      '5 failed check_failures',
      '6 failed check_failures',
    ]);
    expect(failureThresholds).toEqual({ degraded: 3, failed: 5 });
  });

  it('starts the count again after a success', () => {
    let state = states.active;
    for (const move of ['check_failed', 'check_failed', 'check_passed', 'check_failed', 'check_failed'] as const) {
      state = after(state, move);
    }

    expect(state).toMatchObject({ status: 'active', consecutiveFailures: 2 });
  });

  it('notes a test of a draft or paused integration without moving it', () => {
    for (const status of ['draft', 'paused'] as const) {
      expect(after({ ...states[status], lastTestSuccess: null }, 'check_passed')).toEqual({
        ...states[status],
        lastTestSuccess: true,
      });
      expect(after(states[status], 'check_failed')).toEqual({ ...states[status], lastTestSuccess: false });
    }
  });

  it('waits in pending_verification for an approver when the tenant asks for one', () => {
    const tested = after({ ...states.pending_verification, lastTestSuccess: null }, 'check_passed', guarded);

    expect(tested).toMatchObject({ status: 'pending_verification', lastTestSuccess: true });
    expect(after(tested, 'activate', { ...guarded, actor: 'ada' })).toMatchObject({
      status: 'active',
      approvedBy: 'ada',
    });
  });
});

describe('activate', () => {
  it.each([null, false])('is refused while the last test result is %s, and says so', (lastTestSuccess) => {
    const result = transition({ ...states.pending_verification, lastTestSuccess }, 'activate', free);

    expect(result).toMatchObject({ legal: false, reason: expect.stringContaining('test') });
  });
});

describe('a connector that vanishes', () => {
  const lost = after(states.degraded, 'connector_lost');

  it('fails what was in use, and gives it back when it returns', () => {
    expect(lost).toMatchObject({ status: 'failed', statusReason: 'connector_unavailable' });
    expect(after(lost, 'check_failed')).toMatchObject({ status: 'failed', statusReason: 'connector_unavailable' });
    expect(after(lost, 'connector_returned')).toMatchObject({
      status: 'active',
      statusReason: null,
      consecutiveFailures: 0,
    });
  });

  it('never resumes what was paused or uninstalled meanwhile', () => {
    expect(after(after(lost, 'pause'), 'connector_returned')).toMatchObject({ status: 'paused', statusReason: null });
    expect(after(after(lost, 'uninstall'), 'connector_returned')).toMatchObject({ status: 'uninstalling' });
    const removed = after(after(lost, 'uninstall'), 'removed');
    expect(after(removed, 'connector_returned')).toMatchObject({ status: 'uninstalled' });
  });

  it('leaves what failed by its own checks failed', () => {
    expect(after(after(states.failed, 'connector_lost'), 'connector_returned')).toEqual(states.failed);
  });
});

describe('any sequence of moves and check results', () => {
  const step = fc.record({
    // Checks are what happens most, and long runs of failures must be reached.
    move: fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom('check_failed' as const, 'check_passed' as const) },
      { weight: 3, arbitrary: fc.constantFrom(...lifecycleMoves) },
      { weight: 2, arbitrary: fc.constant('check_failed' as const) },
    ),
    approvalRequired: fc.boolean(),
    actor: fc.constantFrom('ada', 'grace'),
  });
  const terminal: readonly IntegrationStatus[] = ['uninstalling', 'uninstalled'];

  it('keeps every promise of the lifecycle, and touches nothing on a refused move', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let state = draft;
        for (const { move, ...policy } of steps) {
          const before = Object.freeze(state);
          const result = transition(before, move, policy);

          expect(result).toEqual(transition(before, move, policy));
          if (!isOperatorMove(move)) expect(result.legal).toBe(true);
          if (!result.legal) {
            expect(result.legalMoves).toEqual(legalMoves(before.status));
            continue;
          }
          state = result.state;
          assertInvariants(before, move, state, policy.approvalRequired);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('reaches every status', () => {
    const reached = new Set<IntegrationStatus>();
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        let state = draft;
        for (const { move, ...policy } of steps) {
          const result = transition(state, move, policy);
          if (result.legal) state = result.state;
          reached.add(state.status);
        }
      }),
      { numRuns: 500, seed: 1 },
    );

    expect([...reached].sort()).toEqual([...integrationStatuses].sort());
  });

  function assertInvariants(
    before: LifecycleState,
    move: LifecycleMove,
    now: LifecycleState,
    approvalRequired: boolean,
  ) {
    expect(integrationStatuses).toContain(now.status);
    expect(now.consecutiveFailures).toBeGreaterThanOrEqual(0);
    if (now.status === 'active') {
      expect(now.consecutiveFailures).toBeLessThan(failureThresholds.degraded);
      expect(now.statusReason).toBeNull();
    }
    if (now.status === 'degraded') {
      expect(now).toMatchObject({ statusReason: 'check_failures' });
      expect(now.consecutiveFailures).toBeLessThan(failureThresholds.failed);
      expect(now.consecutiveFailures).toBeGreaterThanOrEqual(failureThresholds.degraded);
    }
    if (now.status === 'failed') expect(now.statusReason).not.toBeNull();
    else if (now.status !== 'degraded') expect(now.statusReason).toBeNull();
    if (before.status === 'paused' && !isOperatorMove(move)) expect(now.status).toBe('paused');
    if (before.status === 'draft' && !isOperatorMove(move)) expect(now.status).toBe('draft');
    if (terminal.includes(before.status)) expect(terminal).toContain(now.status);
    if (before.status === 'uninstalled') expect(now).toEqual(before);
    if (before.status === 'pending_verification' && now.status === 'active') {
      expect(now.lastTestSuccess).toBe(true);
      if (approvalRequired) expect(now.approvedBy).not.toBeNull();
    }
  }
});
