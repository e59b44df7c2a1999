import { HubError } from '@inthub/contracts';

/**
 * The work's outcome, or the signal's reason as soon as it aborts: code that ignores its signal cannot hold the caller. What the
 * work does afterwards is ignored, its late rejection included.
 * @param translate Makes what is thrown of what was.
 * @throws HubError `cancelled` when the reason is not a HubError.
 */
export function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  translate: (error: unknown) => unknown = (error) => error,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(translate(abortReason(signal)));
    if (signal.aborted) {
      onAbort();
      work.catch(() => undefined);
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    const done = () => signal.removeEventListener('abort', onAbort);
    work.then(
      (value) => {
        done();
        resolve(value);
      },
      (error: unknown) => {
        done();
        reject(translate(error));
      },
    );
  });
}

function abortReason(signal: AbortSignal): HubError {
  return HubError.from(signal.reason, 'cancelled');
}
