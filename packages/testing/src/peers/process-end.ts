/** What must happen when this process ends, by itself or by a signal. Nothing here can be awaited. */
const duties: { stopProcesses: (() => void)[]; removeFiles: (() => void)[] } = { stopProcesses: [], removeFiles: [] };
let watches = false;

/** Runs `duty` at the end of this process: first all that stop processes, then all that remove files. */
export function atProcessEnd(phase: keyof typeof duties, duty: () => void): void {
  duties[phase].push(duty);
  if (watches) return;
  watches = true;

  process.once('exit', fulfil);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const onSignal = (): void => {
      if (process.listenerCount(signal) > 1) return; // somebody else ends this process; 'exit' follows
      process.removeListener(signal, onSignal);
      // A listener registered with `once` (Vitest's) is no longer counted but may be at work: it gets a moment.
      setTimeout(() => {
        fulfil();
        process.kill(process.pid, signal);
      }, 50);
    };
    process.on(signal, onSignal);
  }
}

function fulfil(): void {
  for (const duty of [...duties.stopProcesses, ...duties.removeFiles]) {
    try {
      duty();
    } catch (error) {
      // The remaining duties must still be done.
      process.stderr.write(`test peers: clearing up failed: ${String(error)}\n`);
    }
  }
}
