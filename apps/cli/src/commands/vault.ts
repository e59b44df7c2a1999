import { api } from '@inthub/client';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';

export function addVaultCommands(program: Command, context: CliContext): void {
  program
    .command('vault')
    .description('sealed credentials (platform admins only)')
    .command('rekey')
    .description('re-wrap every secret under the newest key; may be run again at any time')
    .action(async () => {
      const { data } = await api.rekeyVault({ client: await context.client(), throwOnError: true });
      const { rewrapped, failed, keyId } = data;
      const rest =
        failed === 0
          ? `all are under key ${keyId} now.`
          : `${failed} did not open under the key they name and stay as they are; the hub's log names them. The others are under key ${keyId}.`;
      context.output().result(data, () => `${rewrapped} secrets were re-wrapped; ${rest}`);
    });
}
