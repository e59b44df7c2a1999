import { webhookConformance } from '@inthub/connector-sdk/testing';
import { oci } from './connector.ts';
import { distributionNotifications } from './webhooks.ts';

const event = (action: string, target: object) => ({
  id: '320678d8-ca14-430f-8bb6-4ca139cd83f7',
  timestamp: '2026-03-09T14:44:26.402973972-08:00',
  action,
  target: { repository: 'hello-world', ...target },
  request: { id: '6df24a34', addr: '192.168.64.11:42961', host: 'registry:5000', method: 'PUT', useragent: 'docker' },
  actor: { name: 'test' },
  source: { addr: 'xtal.local:5000', instanceID: 'a53db899' },
});
const manifest = {
  mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
  size: 708,
  digest: 'sha256:fea8895f450959fa676bcc1df0611ea93823a735a01205fd8622846041d0c7cf',
  url: 'http://registry:5000/v2/hello-world/manifests/sha256:fea8895f',
  tag: 'latest',
};
const blob = {
  mediaType: 'application/octet-stream',
  digest: 'sha256:a',
  url: 'http://registry:5000/v2/hello-world/blobs/sha256:a',
};
const headers = { 'content-type': 'application/vnd.docker.distribution.events.v2+json' };

webhookConformance({
  connector: oci,
  definition: distributionNotifications,
  sign: (_body, secret) => ({ authorization: `Bearer ${secret}` }),
  samples: [
    {
      name: 'a push',
      body: { events: [event('push', manifest)] },
      headers,
      events: ['oci.manifest.pushed'],
      deliveryId: '320678d8-ca14-430f-8bb6-4ca139cd83f7',
      kind: 'push',
    },
    {
      name: 'several',
      body: {
        events: [
          event('pull', blob),
          event('mount', { ...blob, fromRepository: 'other' }),
          event('delete', { tag: 'a' }),
        ],
      },
      headers,
      events: ['oci.blob.pulled', 'oci.blob.mounted', 'oci.content.deleted'],
      kind: 'pull',
    },
  ],
  unknown: { body: { events: [event('renamed', manifest)] }, headers, kind: 'renamed' },
});
