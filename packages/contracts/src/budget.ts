import Type from 'typebox';
import { Timestamp } from './timestamp.ts';

/** What a budget counts: calls that reach the provider, model tokens, or money in micro-units of one currency. */
export const budgetMeasures = ['requests', 'tokens', 'money'] as const;
export type BudgetMeasure = (typeof budgetMeasures)[number];

/** Windows begin at midnight UTC, of each day or of the first day of each month. */
export const budgetWindows = ['day', 'month'] as const;
export type BudgetWindow = (typeof budgetWindows)[number];

/** `hard` refuses what does not fit; `warn` only tells. */
export const budgetModes = ['hard', 'warn'] as const;
export type BudgetMode = (typeof budgetModes)[number];

/** The largest limit: money up to a billion of the currency. */
const largestBudget = 1_000_000_000_000_000;

/** What an admin sets. Of one tenant (`integrationId` null) or integration there is one budget for each measure, currency and window. */
export const BudgetSetting = Type.Object(
  {
    integrationId: Type.Union([Type.String({ format: 'uuid' }), Type.Null()], {
      description: 'Null: all integrations of the tenant together.',
    }),
    measure: Type.Enum([...budgetMeasures]),
    currency: Type.Union([Type.String({ pattern: '^[A-Z]{3}$' }), Type.Null()], {
      description: 'ISO 4217 code for money, else null. Only costs in this currency count.',
    }),
    window: Type.Enum([...budgetWindows]),
    limit: Type.Integer({
      minimum: 1,
      maximum: largestBudget,
      description: 'Requests, tokens, or micro-units of the currency (1 000 000 is one).',
    }),
    mode: Type.Enum([...budgetModes], { description: 'hard refuses calls that do not fit; warn only tells.' }),
  },
  { additionalProperties: false },
);
export type BudgetSetting = Type.Static<typeof BudgetSetting>;

/** One window of a budget. */
export const BudgetUsage = Type.Object({
  windowStart: Timestamp,
  windowEnd: Timestamp,
  used: Type.Integer({ description: 'Settled use. Replicas report within a second or two.' }),
  reserved: Type.Integer({ description: 'Set aside for calls under way, and drawn ahead by replicas.' }),
  remaining: Type.Integer({ description: 'What may still be reserved; 0 when used up.' }),
});
export type BudgetUsage = Type.Static<typeof BudgetUsage>;

export const Budget = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    ...BudgetSetting.properties,
    createdAt: Timestamp,
    modifiedAt: Timestamp,
    modifiedBy: Type.String(),
    usage: BudgetUsage,
  },
  { $id: 'Budget' },
);
export type Budget = Type.Static<typeof Budget>;

/** A budget as calls need it. */
export interface BudgetRule extends BudgetSetting {
  readonly id: string;
}

/** Bounds of the window that holds a moment, as epoch milliseconds. */
export function budgetWindowAt(window: BudgetWindow, at: Date): { readonly startMs: number; readonly endMs: number } {
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  return window === 'day'
    ? { startMs: Date.UTC(year, month, day), endMs: Date.UTC(year, month, day + 1) }
    : { startMs: Date.UTC(year, month, 1), endMs: Date.UTC(year, month + 1, 1) };
}
