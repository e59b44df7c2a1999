import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes } from '@inthub/contracts';
import { expect, it } from 'vitest';
import { faults, passingFaults } from './fault-matrix.ts';

// docs/faults.md is for people who write callers: its table must be what faults.peer.test.ts proves.
it('the documentation has a row for every fault, and says what the error table says', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../../docs/faults.md'), 'utf8');
  const rows = [...faults, ...passingFaults].map(({ name, code, blame, repeated, breaker, callerDoes }) =>
    [name, `\`${code}\``, errorCodes[code].status, blame, repeated ? 'yes' : 'no', breaker, callerDoes].join(' | '),
  );

  const table = text.split('\n').filter((line) => line.startsWith('| '));
  const [head, ...body] = table;

  expect(head).toBe('| what happens | code | status | blame | repeated | breaker | what to do |');
  expect(body).toEqual(rows.map((row) => `| ${row} |`));
});
