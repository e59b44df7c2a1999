// The delivery that all subjects get: GitHub's way of signing, about 10 KB, each with an id of its own. GitHub's own example of a push, with
// commits that differ from delivery to delivery: what a product sends is mostly the same again (repository, organisation, sender), and what is not is
// what happened.
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export const bodyBytes = 10_240;
export const secret = 'bench-webhook-secret-0123456789abcdef';

interface Examples {
  readonly name: string;
  readonly examples: readonly { readonly commits: readonly object[] }[];
}

const file = createRequire(import.meta.url).resolve('@octokit/webhooks-examples');
const example = (JSON.parse(readFileSync(file, 'utf8')) as readonly Examples[])
  .find(({ name }) => name === 'push')
  ?.examples.find(({ commits }) => commits.length > 0);
if (example === undefined) throw new Error('@octokit/webhooks-examples has no push with commits any more.');

const variants = 64;
const commitsOfEach = 4;
const words =
  'fix the build add a test for parsing of headers when retry is late remove unused code from gateway docs'.split(' ');

function pushOf(seed: number): object {
  let state = createHash('sha256').update(`push-${seed}`).digest();
  const random = (): Buffer => {
    state = createHash('sha256').update(state).digest();
    return state;
  };
  const sha = () => random().toString('hex').slice(0, 40);
  const text = (count: number) => [...random().subarray(0, count)].map((byte) => words[byte % words.length]).join(' ');
  const path = () => `src/${text(1)}/${text(1)}-${random().readUInt16BE(0)}.ts`;
  const commits = Array.from({ length: commitsOfEach }, () => {
    const id = sha();
    return {
      ...example?.commits[0],
      id,
      tree_id: sha(),
      message: text(9),
      timestamp: new Date(1_760_000_000_000 + random().readUInt32BE(0)).toISOString(),
      url: `https://github.com/Codertocat/Hello-World/commit/${id}`,
      added: [path()],
      modified: [path(), path()],
    };
  });
  return { ...example, before: sha(), after: sha(), commits, head_commit: commits.at(-1) };
}

/** JSON of 10 240 bytes. */
function bodyOf(seed: number): Buffer {
  const payload = pushOf(seed);
  const missing = bodyBytes - JSON.stringify({ ...payload, padding: '' }).length;
  if (missing < 0) throw new RangeError(`The example has grown by ${-missing} bytes too many.`);
  return Buffer.from(JSON.stringify({ ...payload, padding: 'x'.repeat(missing) }));
}

const bodies: readonly Buffer[] = Array.from({ length: variants }, (_, seed) => bodyOf(seed));

/** Deliveries as they go over the wire to this path, one after the other, each in the place of its connection's last one. */
export function requestTo(port: number, path: string): (last: Buffer | null) => Buffer {
  const requests = bodies.map((body) => {
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: GitHub-Hookshot/bench\r\nContent-Type: application/json\r\nX-GitHub-Event: push\r\nContent-Length: ${bodyBytes}\r\nX-Hub-Signature-256: sha256=${signature}\r\nX-GitHub-Delivery: `;
    return Buffer.concat([Buffer.from(`${head}${randomUUID()}\r\n\r\n`, 'latin1'), body]);
  });
  // All are equally long: only the id, after the head, differs in place.
  const idAt = (requests[0] as Buffer).length - bodyBytes - 4 - 36;
  let next = 0;
  return (last) => {
    const request = last ?? Buffer.allocUnsafeSlow((requests[0] as Buffer).length);
    request.set(requests[next % variants] as Buffer);
    next += 1;
    request.write(randomUUID(), idAt, 'latin1');
    return request;
  };
}
