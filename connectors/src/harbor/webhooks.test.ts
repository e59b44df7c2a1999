import { createFakeProvider, createMockGateway, webhookConformance } from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { harbor } from './connector.ts';
import { harborEvents } from './webhooks.ts';

const digest = 'sha256:8a9e9863dbb6e10edb5adfe917c00da84e1700fa76e7ed02476aa6e6fb8ee0d8';
const resources = [{ digest, tag: '1.0', resource_url: 'harbor.example.com/library/debian:1.0' }];
const repository = {
  date_created: 1586922308,
  name: 'debian',
  namespace: 'library',
  repo_full_name: 'library/debian',
  repo_type: 'public',
};
const classic = (type: string, event_data: object) => ({ type, occur_at: 1586922308, operator: 'admin', event_data });

webhookConformance({
  connector: harbor,
  definition: harborEvents,
  sign: (_body, secret) => ({ authorization: secret }),
  samples: [
    {
      name: 'a push',
      body: classic('PUSH_ARTIFACT', { resources, repository }),
      events: ['harbor.artifact.pushed'],
      kind: 'PUSH_ARTIFACT',
    },
    {
      name: 'a scan',
      body: classic('SCANNING_COMPLETED', {
        resources: [
          { ...resources[0], scan_overview: { 'application/vnd.security.vulnerability.report': { total: 3 } } },
        ],
        repository,
      }),
      events: ['harbor.scan.completed'],
    },
    {
      name: 'a replication',
      body: classic('REPLICATION', { replication: { job_status: 'Success' } }),
      events: ['harbor.replication.finished'],
    },
    {
      name: 'a CloudEvent',
      body: {
        specversion: '1.0',
        requestid: '2eedfab8-61d3-4f3c-8ec3-8f82d1ec4c84',
        id: '4b2f89a6-548d-4c12-9993-a1f5790b97d2',
        source: '/projects/1/webhook/policies/3',
        type: 'harbor.artifact.pulled',
        datacontenttype: 'application/json',
        time: '2023-03-06T06:08:43Z',
        data: { resources: [{ digest, tag: digest }], repository },
        operator: 'robot$library+scanner',
      },
      headers: { 'content-type': 'application/cloudevents+json' },
      events: ['harbor.artifact.pulled'],
      deliveryId: '4b2f89a6-548d-4c12-9993-a1f5790b97d2',
      kind: 'harbor.artifact.pulled',
    },
  ],
  unknown: { body: classic('UPLOAD_CHART', {}), kind: 'UPLOAD_CHART' },
});

describe('a webhook policy', () => {
  const registration = harborEvents.registration;
  const request = {
    url: 'https://hub.example.com/v1/webhooks/1',
    secret: 'a-secret',
    events: ['harbor.artifact.pushed', 'harbor.scan.completed'],
    target: 'library',
  };

  it('is made with the events that are wanted, and removed again', async () => {
    const provider = createFakeProvider();
    provider.expect({
      method: 'POST',
      path: '/api/v2.0/projects/library/webhook/policies',
      headers: { 'x-is-resource-name': 'true' },
      json: {
        name: 'inthub-0198c0de-0000-7000-8000-000000000001',
        description: 'Made by the Integration Hub.',
        enabled: true,
        event_types: ['PUSH_ARTIFACT', 'SCANNING_COMPLETED'],
        targets: [{ type: 'http', address: request.url, auth_header: 'a-secret', skip_cert_verify: false }],
      },
      reply: { status: 201, headers: { location: '/api/v2.0/projects/library/webhook/policies/7' } },
    });
    provider.expect({
      method: 'DELETE',
      path: '/api/v2.0/projects/library/webhook/policies/7',
      reply: { status: 404 },
    });
    const gateway = createMockGateway({ connector: harbor, respond: provider.respond });

    expect(await registration?.register(request, gateway.ctx)).toEqual({ externalId: '7' });
    await registration?.deregister({ externalId: '7', target: 'library' }, gateway.ctx);
    expect(gateway.faults).toEqual([]);
  });
});
