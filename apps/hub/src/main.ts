import { type Hub, startHub } from './app.ts';
import { ConfigError, type HubConfig, readConfig } from './config.ts';
import { describeFailure } from './describe-failure.ts';

/** The process: configuration, start, signals, exit codes. 0 stopped, 1 failed, 2 bad configuration. */
async function main(): Promise<void> {
  let config: HubConfig;
  try {
    config = readConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return fail(error.message, 2);
  }
  const starting = startHub(config);
  stopOnSignal(starting);
  try {
    const hub = await starting;
    process.stdout.write(`Integration Hub is ready at ${hub.url} (reference: ${hub.url}/docs)\n`);
    if (hub.generatedKey !== null) {
      process.stdout.write(`Admin API key, shown this once only: ${hub.generatedKey}\n`);
    }
  } catch (error) {
    fail(describeFailure(error), error instanceof ConfigError ? 2 : 1);
  }
}

/** The first signal drains, a second one stops at once. */
function stopOnSignal(starting: Promise<Hub>): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      starting
        .then((hub) => hub.stop())
        .then(
          () => process.exit(0),
          (error) => fail(describeFailure(error), 1),
        );
    });
  }
}

function fail(message: string, code: number): void {
  process.stderr.write(`inthub: ${message}\n`);
  process.exit(code);
}

await main();
