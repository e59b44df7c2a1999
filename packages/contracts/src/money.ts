import Type from 'typebox';

/** An amount of money in whole micro-units: 1 000 000 is one unit of the currency. No fractions, so sums never drift. */
export const Money = Type.Object(
  {
    amountMicros: Type.Integer({ minimum: 0, maximum: 1_000_000_000_000_000 }),
    currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217 code.', examples: ['USD'] }),
  },
  { additionalProperties: false },
);
export type Money = Type.Static<typeof Money>;

const currencyForm = /^[A-Z]{3}$/;

/** What untyped code reports as money: whole micro-units, not negative, and a three-letter code. */
export function isMoney(value: unknown): value is Money {
  if (typeof value !== 'object' || value === null) return false;
  const { amountMicros, currency } = value as Partial<Money>;
  return (
    Number.isSafeInteger(amountMicros) &&
    (amountMicros as number) >= 0 &&
    typeof currency === 'string' &&
    currencyForm.test(currency)
  );
}
