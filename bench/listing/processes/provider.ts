// The provider of the bench; argument: how many items its lists have.
import { createServer } from 'node:http';
import { listenOnLoopback, startListingProvider } from '@inthub/testing';
import { ready } from '../../gateway/processes/serve.ts';

const provider = await startListingProvider({ items: Number(process.argv[2]) });
/** Asked by the bench alone, so that the provider's own address counts nothing but the hub's requests. */
const stats = await listenOnLoopback(
  createServer((_request, response) => response.end(JSON.stringify({ pages: provider.pages.length }))),
);
ready({ url: provider.url, stats: `http://127.0.0.1:${stats.port}` }, async () => {
  await stats.stop();
  await provider.stop();
});
