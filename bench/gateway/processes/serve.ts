// What every process of the bench does: say where it listens, and end with the process that started it.

/** Tells the parent; ends when the parent closes standard input, also by dying. */
export function ready(facts: Readonly<Record<string, unknown>>, stop?: () => Promise<void>): void {
  process.stdin.resume();
  process.stdin.on('end', () => {
    void Promise.resolve(stop?.()).finally(() => process.exit(0));
  });
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}

/** Where the upstream listens, from the command line. */
export function upstreamUrl(): string {
  const url = process.argv[2];
  if (url === undefined) throw new TypeError('The URL of the upstream is missing.');
  return url;
}
