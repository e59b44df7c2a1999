// Beside stage 4: what the call will use of its budgets is set aside before anything is sent (BEY-10). An answer at hand costs nothing.
import type { UsageAmount, UsageEstimate } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { findAtPointer } from '../../egress/egress.ts';
import type { BudgetLedger, BudgetPermit, ExpectedUse } from '../budget/budget-ledger.ts';
import { type CallState, known } from '../call-state.ts';
import { isPromise } from '../maybe-promise.ts';
import type { Stage } from './stage.ts';

export interface BudgetDeps {
  /** Undefined where nobody can set budgets. */
  readonly budgets?: BudgetLedger;
}

export function createBudget({ budgets: ledger }: BudgetDeps): Stage {
  return {
    name: 'budget',
    run(state) {
      const rules = state.integration?.budgets;
      if (ledger === undefined || rules === undefined || rules.length === 0) return undefined;
      const { kind } = state.target;
      // Tests and checks are the hub's own; they are not use.
      if (kind === 'connection_test' || kind === 'check') return undefined;
      const { plan, integration } = known(state);
      let permit: ReturnType<BudgetLedger['reserve']>;
      try {
        permit = ledger.reserve(integration.tenantId, rules, expectedUse(plan.action?.estimate, state));
      } catch (error) {
        throw refused(state, error);
      }
      if (!isPromise(permit)) {
        state.budgetPermit = permit;
        return undefined;
      }
      return permit.then(
        (granted: BudgetPermit) => {
          state.budgetPermit = granted;
        },
        (error: unknown) => {
          throw refused(state, error);
        },
      );
    },
  };
}

/** What no budget allows was not let through. */
function refused(state: CallState, error: unknown): unknown {
  state.admitted = false;
  return error instanceof HubError ? error : new HubError('internal', undefined, { cause: error });
}

function expectedUse(estimate: UsageEstimate | undefined, { target }: CallState): ExpectedUse {
  if (estimate === undefined || target.kind !== 'action') return {};
  const { params } = target;
  const tokens = amountOf(estimate.tokens, params);
  const costMicros = amountOf(estimate.costMicros, params);
  return { ...(tokens === undefined ? {} : { tokens }), ...(costMicros === undefined ? {} : { costMicros }) };
}

/** The parameters are the caller's, not yet checked. */
function amountOf(amount: UsageAmount | undefined, params: unknown): number | undefined {
  if (amount === undefined || typeof amount === 'number') return amount;
  const given = findAtPointer(params, amount.at);
  return typeof given === 'number' && Number.isSafeInteger(given) && given > 0 ? given : amount.otherwise;
}
