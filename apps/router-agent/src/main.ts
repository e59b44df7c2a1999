import { OptionError, readOptions } from './options.ts';
import { startAgent } from './start-agent.ts';

/** The process: options, signals, exit codes. 0 stopped, 1 failed, 2 bad options. */
async function main(): Promise<void> {
  const write = (message: string, fields: object) =>
    void process.stdout.write(`${JSON.stringify({ time: new Date(), message, ...fields })}\n`);
  const agent = await startAgent(readOptions(process.argv.slice(2)), write);
  write('ready', { url: agent.url });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void agent.stop().then(() => process.exit(0), fail));
  }
}

function fail(error: unknown): void {
  process.stderr.write(`inthub-router-agent: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof OptionError ? 2 : 1);
}

await main().catch(fail);
