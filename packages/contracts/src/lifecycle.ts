/**
 * The integration's life as one table: state × move → state. Pure; the catalog stores what this decides.
 * Source: requirements CAT-3.
 */
export const integrationStatuses = [
  'draft',
  'pending_verification',
  'active',
  'degraded',
  'failed',
  'paused',
  'uninstalling',
  'uninstalled',
] as const;
export type IntegrationStatus = (typeof integrationStatuses)[number];

/** The same states in the connector API's words. */
export const instanceStatusOf = {
  draft: 'installed',
  pending_verification: 'authenticating',
  active: 'active',
  degraded: 'degraded',
  failed: 'error',
  paused: 'paused',
  uninstalling: 'uninstalling',
  uninstalled: 'uninstalled',
} as const satisfies Record<IntegrationStatus, string>;
export type InstanceStatus = (typeof instanceStatusOf)[IntegrationStatus];

/** Consecutive failed checks after which an active integration is degraded, then failed. */
export const failureThresholds = { degraded: 3, failed: 5 } as const;

export const lifecycleMoves = [
  'submit',
  'check_passed',
  'check_failed',
  'activate',
  'pause',
  'resume',
  'uninstall',
  'removed',
  'connector_lost',
  'connector_returned',
] as const;
export type LifecycleMove = (typeof lifecycleMoves)[number];

/** Moves that a person asks for; the rest are facts that the hub observes and never refuses. */
export const operatorMoves = ['submit', 'activate', 'pause', 'resume', 'uninstall'] as const satisfies LifecycleMove[];
export type OperatorMove = (typeof operatorMoves)[number];

export interface LifecycleState {
  readonly status: IntegrationStatus;
  readonly consecutiveFailures: number;
  /** Why the status is not `active`, where the hub decided it. */
  readonly statusReason: 'check_failures' | 'connector_unavailable' | null;
  readonly lastTestSuccess: boolean | null;
  /** Principal who approved activation; null until somebody has. */
  readonly approvedBy: string | null;
}

export interface LifecyclePolicy {
  /** A tenant may require that somebody other than the creator activates. */
  readonly approvalRequired: boolean;
}

export type TransitionResult =
  | { readonly legal: true; readonly state: LifecycleState }
  | { readonly legal: false; readonly reason: string; readonly legalMoves: readonly OperatorMove[] };

const table: Record<IntegrationStatus, Partial<Record<OperatorMove, IntegrationStatus>>> = {
  draft: { submit: 'pending_verification', uninstall: 'uninstalling' },
  pending_verification: { activate: 'active', uninstall: 'uninstalling' },
  active: { pause: 'paused', uninstall: 'uninstalling' },
  degraded: { pause: 'paused', uninstall: 'uninstalling' },
  failed: { pause: 'paused', uninstall: 'uninstalling' },
  paused: { resume: 'active', uninstall: 'uninstalling' },
  uninstalling: {},
  uninstalled: {},
};

/** The operator moves that the present status allows, in a fixed order. */
export function legalMoves(status: IntegrationStatus): readonly OperatorMove[] {
  return operatorMoves.filter((move) => table[status][move] !== undefined);
}

/** What a move makes of a state. Observed moves are always legal; where they change nothing the state comes back as it was. */
export function transition(
  state: LifecycleState,
  move: LifecycleMove,
  policy: LifecyclePolicy & { readonly actor?: string },
): TransitionResult {
  switch (move) {
    case 'check_passed':
      return legal(afterPass(state, policy));
    case 'check_failed':
      return legal(afterFailure(state));
    case 'connector_lost':
      return legal(afterConnectorLost(state));
    case 'connector_returned':
      return legal(
        state.status === 'failed' && state.statusReason === 'connector_unavailable'
          ? { ...state, status: 'active', statusReason: null, consecutiveFailures: 0 }
          : state,
      );
    case 'removed':
      return legal(state.status === 'uninstalling' ? { ...state, status: 'uninstalled' } : state);
    default:
      return afterOperatorMove(state, move, policy.actor ?? null);
  }
}

function afterOperatorMove(state: LifecycleState, move: OperatorMove, actor: string | null): TransitionResult {
  const next = table[state.status][move];
  const moves = legalMoves(state.status);
  if (next === undefined) {
    const allowed = moves.length === 0 ? 'no move is possible any more' : `possible: ${moves.join(', ')}`;
    return { legal: false, reason: `Cannot ${move} while ${state.status}; ${allowed}.`, legalMoves: moves };
  }
  if (move === 'activate' && state.lastTestSuccess !== true) {
    return {
      legal: false,
      reason: 'Cannot activate before a connection test has passed; run the test first.',
      legalMoves: moves,
    };
  }
  if (move === 'activate') return legal({ ...state, status: next, approvedBy: actor, consecutiveFailures: 0 });
  if (move === 'resume') return legal({ ...state, status: next, statusReason: null, consecutiveFailures: 0 });
  // From here on a person decided the status; a reason of the hub's own left behind would explain (and later undo) the wrong thing.
  return legal({ ...state, status: next, statusReason: null });
}

function afterPass(state: LifecycleState, policy: LifecyclePolicy): LifecycleState {
  const tested = { ...state, lastTestSuccess: true };
  switch (state.status) {
    case 'pending_verification':
      return policy.approvalRequired && state.approvedBy === null
        ? { ...tested, consecutiveFailures: 0 }
        : { ...tested, status: 'active', consecutiveFailures: 0 };
    case 'active':
    case 'degraded':
    case 'failed':
      return { ...tested, status: 'active', statusReason: null, consecutiveFailures: 0 };
    case 'draft':
    case 'paused':
      return tested;
    default:
      return state;
  }
}

function afterFailure(state: LifecycleState): LifecycleState {
  const tested = { ...state, lastTestSuccess: false };
  switch (state.status) {
    case 'active':
    case 'degraded':
    case 'failed': {
      const consecutiveFailures = state.consecutiveFailures + 1;
      // A connector that is gone keeps its own reason: counting checks cannot make that worse or better.
      if (state.statusReason === 'connector_unavailable') return { ...tested, consecutiveFailures };
      if (state.status === 'failed' || consecutiveFailures >= failureThresholds.failed) {
        return { ...tested, status: 'failed', statusReason: 'check_failures', consecutiveFailures };
      }
      if (consecutiveFailures >= failureThresholds.degraded) {
        return { ...tested, status: 'degraded', statusReason: 'check_failures', consecutiveFailures };
      }
      return { ...tested, consecutiveFailures };
    }
    case 'draft':
    case 'pending_verification':
    case 'paused':
      return tested;
    default:
      return state;
  }
}

function afterConnectorLost(state: LifecycleState): LifecycleState {
  return state.status === 'active' || state.status === 'degraded'
    ? { ...state, status: 'failed', statusReason: 'connector_unavailable' }
    : state;
}

function legal(state: LifecycleState): TransitionResult {
  return { legal: true, state };
}
