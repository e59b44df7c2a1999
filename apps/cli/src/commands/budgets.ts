import { api, type Budget, type SetBudgetData } from '@inthub/client';
import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { given } from '../given.ts';
import { type Output, timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { resolveIntegration } from '../resolve-integration.ts';

const microsPerUnit = 1_000_000n;

interface SetFlags {
  readonly integration?: string;
  readonly measure: SetBudgetData['body']['measure'];
  readonly currency?: string;
  readonly per: SetBudgetData['body']['window'];
  readonly limit: string;
  readonly warn?: boolean;
}

export function addBudgetCommands(program: Command, context: CliContext): void {
  const group = program.command('budgets').description('what may be used of providers: requests, tokens, money');

  addPagingOptions(group.command('list').description('list budgets with what is used of them now'))
    .option('--integration <integration>', 'budgets of this integration alone')
    .action(async (flags: PagingFlags & { integration?: string }) => {
      const client = await context.client();
      const of = flags.integration === undefined ? undefined : await resolveIntegration(client, flags.integration);
      const page = await readPages(flags, async (query) => {
        const { data } = await api.listBudgets({
          client,
          throwOnError: true,
          query: { ...query, ...given({ integrationId: of?.id }) },
        });
        return data;
      });
      const output = context.output();
      output.result(page, () => budgetTable(output, page.items));
      noteMore(output, page);
    });

  group
    .command('set')
    .description('set a budget; the one for the same things gets the new limit')
    .option('--integration <integration>', 'for this integration; without, for all of the tenant together')
    .addOption(
      new Option('--measure <measure>', 'what is counted')
        .choices(['requests', 'tokens', 'money'])
        .makeOptionMandatory(),
    )
    .option('--currency <code>', 'for money: USD, EUR, …')
    .addOption(
      new Option('--per <window>', 'window, beginning at midnight UTC').choices(['day', 'month']).makeOptionMandatory(),
    )
    .requiredOption('--limit <amount>', 'requests or tokens; money in units of the currency, for example 25.50')
    .option('--warn', 'only tell when it is reached; without, calls that do not fit are refused')
    .action(async (flags: SetFlags) => {
      const client = await context.client();
      const of = flags.integration === undefined ? undefined : await resolveIntegration(client, flags.integration);
      const { measure, currency, per: window } = flags;
      if (measure === 'money' && currency === undefined) throw usageError('--measure money needs --currency.');
      const limit = measure === 'money' ? readMoney(flags.limit) : readCount(flags.limit);
      const body: SetBudgetData['body'] = {
        integrationId: of?.id ?? null,
        measure,
        currency: currency ?? null,
        window,
        limit,
        mode: flags.warn === true ? 'warn' : 'hard',
      };
      const { data } = await api.setBudget({ client, throwOnError: true, body });
      const output = context.output();
      output.result(data, () => budgetTable(output, [data]));
    });

  group
    .command('usage')
    .description('what was used of a budget, window by window')
    .argument('<id>', 'budget id, as listed')
    .action(async (id: string) => {
      const client = await context.client();
      const { data: budget } = await api.getBudget({ client, throwOnError: true, path: { id } });
      const { data } = await api.getBudgetUsage({ client, throwOnError: true, path: { id } });
      const output = context.output();
      output.result(data, () =>
        output.table(
          ['from', 'used', 'set aside', 'left'],
          data.items.map(({ windowStart, used, reserved, remaining }) => [
            timeText(windowStart),
            amountText(budget, used),
            amountText(budget, reserved),
            amountText(budget, remaining),
          ]),
        ),
      );
    });

  group
    .command('remove')
    .description('remove a budget with its history')
    .argument('<id>', 'budget id, as listed')
    .action(async (id: string) => {
      await api.removeBudget({ client: await context.client(), throwOnError: true, path: { id } });
      context.output().result({ id }, () => 'The budget was removed.');
    });
}

function budgetTable(output: Output, budgets: readonly Budget[]): string {
  return output.table(
    ['of', 'measure', 'per', 'limit', 'used', 'left', 'mode', 'id'],
    budgets.map((budget) => [
      budget.integrationId ?? 'tenant',
      budget.measure,
      budget.window,
      amountText(budget, budget.limit),
      amountText(budget, budget.usage.used),
      amountText(budget, budget.usage.remaining),
      budget.mode,
      budget.id,
    ]),
  );
}

/** Money as a decimal of its currency, digit by digit: `12.5 USD`. */
function amountText({ currency }: Pick<Budget, 'currency'>, amount: number): string {
  if (currency === null) return String(amount);
  const micros = BigInt(amount);
  const fraction = String(micros % microsPerUnit)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const whole = String(micros / microsPerUnit);
  return `${fraction === '' ? whole : `${whole}.${fraction.padEnd(2, '0')}`} ${currency}`;
}

/** @throws CliError for what is no amount of money with at most six decimals. */
function readMoney(text: string): number {
  const [, whole = '', fraction = ''] = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole === '') throw usageError(`--limit ${text} is no amount: write for example 25 or 25.50.`);
  return Number(BigInt(whole) * microsPerUnit + BigInt(fraction.padEnd(6, '0')));
}

function readCount(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw usageError(`--limit ${text} is no whole number above 0.`);
  return Number(text);
}
