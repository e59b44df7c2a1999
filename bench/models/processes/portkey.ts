// Portkey's own server, as its package starts it, in this process; what it prints goes to standard error.
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { pathToFileURL } from 'node:url';
import { ready } from '../../gateway/processes/serve.ts';

const [, , folder = ''] = process.argv;
const port = await findFreePort();
process.argv = [process.argv[0] ?? 'node', 'start-server.js', `--port=${port}`, '--headless'];
for (const name of ['log', 'info'] as const) console[name] = (...words: unknown[]) => console.error(...words);
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = ((...piece: Parameters<typeof process.stderr.write>) =>
  process.stderr.write(...piece)) as typeof process.stdout.write;
await import(pathToFileURL(`${folder}/node_modules/@portkey-ai/gateway/build/start-server.js`).href);

/** A port that was free a moment ago: Portkey takes no 0. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}

async function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ port, host: '127.0.0.1', path: '/' }, (response) => {
      response.resume();
      resolve(true);
    });
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
for (let tries = 0; tries < 200 && !(await answers()); tries += 1)
  await new Promise((resolve) => setTimeout(resolve, 50));
process.stdout.write = write;
ready({ port });
