/** What `npm run try` does for each connector: its counterpart starts, accepts the credential, and every example of it works. */
import { type Counterpart, createMockGateway, type StartCounterpart } from '@inthub/connector-sdk/testing';
import { type PeerName, peersOrSkip } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectors } from './registry.ts';

/** Real servers that a counterpart starts. */
const needed: Partial<Record<string, readonly PeerName[]>> = {
  haproxy: ['haproxy'],
  nginx: ['nginx'],
  oci: ['docker-registry', 'skopeo', 'umoci'],
};

for (const connector of connectors) {
  const { id } = connector.manifest;
  const peers = await peersOrSkip(needed[id] ?? []);
  describe.skipIf(peers.skip)(peers.label(`the counterpart of ${id}`), () => {
    let counterpart: Counterpart;
    beforeAll(async () => {
      const loaded = (await import(`./${id}/counterpart.ts`)) as { startCounterpart: StartCounterpart };
      counterpart = await loaded.startCounterpart();
    });
    afterAll(() => counterpart?.stop());
    const gateway = () => createMockGateway({ ...counterpart, connector });

    it('passes the connection test', async () => {
      expect(await gateway().testConnection()).toMatchObject({ success: true });
    });

    it('has an example that works for most actions, and none for actions that do not exist', async () => {
      const examples = Object.keys(counterpart.inputs);
      expect(examples.filter((action) => !connector.actions.has(action))).toEqual([]);
      expect(examples.length).toBeGreaterThanOrEqual(connector.actions.size / 2);

      const failed: unknown[] = [];
      for (const [action, input] of Object.entries(counterpart.inputs)) {
        await gateway()
          .run(action, input)
          .catch((error: unknown) => failed.push([action, String(error)]));
      }
      expect(failed).toEqual([]);
    });
  });
}
