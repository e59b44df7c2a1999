import type { ScmOperationResult } from '@inthub/client';
import { QuietExit } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import type { Output } from './output.ts';
import type { Cell } from './table.ts';

/** An operation by its name, and what became of it. */
export type NamedResult = readonly [name: string, result: ScmOperationResult];

export function annotationTable(output: Output, results: readonly NamedResult[]): string {
  return output.table(
    ['annotation', 'outcome', 'as', 'on lines', 'detail'],
    results.map(([name, one]) => [
      name,
      outcomeCell(one),
      one.result?.via.replaceAll('_', ' '),
      one.result?.annotations,
      one.result === null ? reason(one) : (one.result.url ?? one.result.id),
    ]),
  );
}

/**
 * Says what a table cannot, and ends with 1 when an operation failed. What an offline hub has kept is no failure: it is told, and
 * posted later.
 * @throws QuietExit
 */
export function concludeAnnotations(output: Output, integration: string, results: readonly NamedResult[]): void {
  const kept = results.flatMap(([, { keptId }]) => keptId ?? []);
  if (kept.length > 0) {
    output.note(
      `The hub is offline, so nothing was sent. Later: inthub annotations post ${integration} ${kept.join(' ')}`,
    );
  }
  if (results.some(([, { result }]) => result?.isTruncated === true)) {
    output.note('The product takes less than there was: the end was cut off.');
  }
  if (results.some(([, { isTransient }]) => isTransient)) output.note('The same may succeed later: run it again.');
  if (results.some(([, one]) => !one.success && one.keptId === null)) throw new QuietExit(exitCodes.failure);
}

function outcomeCell({ success, result, skippedOffline }: ScmOperationResult): Cell {
  if (success) return { text: result?.updated === true ? 'updated' : 'posted', style: 'green' };
  return skippedOffline ? { text: 'kept', style: 'yellow' } : { text: 'failed', style: 'red' };
}

function reason({ errorCode, errorMessage, keptId }: ScmOperationResult): string {
  return keptId === null ? `${errorMessage ?? 'no reason was given'} (${errorCode ?? 'unknown'})` : keptId;
}
