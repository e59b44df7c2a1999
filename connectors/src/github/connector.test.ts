import { manifestConformance } from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { github } from './connector.ts';

manifestConformance(github);

describe('what GitHub offers', () => {
  it('is all that the fabric asks of it', () => {
    const offered = new Set([...github.actions.values()].map(({ id, capability }) => capability ?? id));

    // The sixteen of the connector interface; webhook.receive is what `webhooks` declares.
    for (const capability of [
      'repo.list',
      'repo.read',
      'repo.clone',
      'pr.list',
      'pr.create',
      'pr.review',
      'pr.merge',
      'issue.list',
      'issue.create',
      'issue.update',
      'actions.list',
      'actions.trigger',
      'actions.status',
      'search.code',
      'search.issues',
    ]) {
      expect(offered, capability).toContain(capability);
    }
  });
});
