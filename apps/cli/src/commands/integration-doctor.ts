import { api } from '@inthub/client';
import type { Command } from 'commander';
import { QuietExit } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { integrationArgument, resolveIntegration } from '../resolve-integration.ts';
import { stateCell } from '../style.ts';

export function addIntegrationDoctorCommand(group: Command, context: CliContext): void {
  group
    .command('doctor')
    .description('examine an integration and say how to mend it; exit code 1 unless it is healthy')
    .argument(...integrationArgument)
    .action(async (reference: string) => {
      const client = await context.client();
      const { id, name } = await resolveIntegration(client, reference);
      const { data: report } = await api.runDoctor({ client, throwOnError: true, path: { id } });
      const output = context.output();
      output.result(report, () => {
        const checks = report.checks.map((check) => [
          check.checkType,
          stateCell(check.status),
          `${Math.round(check.durationMs)} ms`,
          check.message,
        ]);
        const advice = report.checks.flatMap((check) => check.suggestions.map((text) => `→ ${text}`));
        const verdict = output.fields([[name, stateCell(report.overallStatus)]]);
        return [verdict, output.table(['check', 'result', 'took', 'found'], checks), ...advice].join('\n\n');
      });
      if (report.overallStatus !== 'healthy') throw new QuietExit(exitCodes.failure);
    });
}
