import { connect } from 'node:net';

const patienceMs = 5_000;
const maxBytes = 4 * 1024 * 1024;

/**
 * One command over HAProxy's runtime socket (a UNIX socket with `level admin`); it answers and closes.
 * Source: docs.haproxy.org, Management Guide, "9.3. Unix Socket commands".
 */
export function runtimeCommand(socketPath: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let answer = '';
    socket.setEncoding('utf8');
    socket.setTimeout(patienceMs, () => socket.destroy(new Error(`HAProxy does not answer on ${socketPath}`)));
    socket.on('connect', () => socket.end(`${command}\n`));
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (answer.length > maxBytes) socket.destroy(new Error('HAProxy answered more than 4 MiB'));
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer.trim()));
  });
}

/** `show servers state`: a header line that begins with `#`, then one line a server. */
export function parseServersState(answer: string): readonly Readonly<Record<string, string>>[] {
  const lines = answer.split('\n').filter((line) => line.trim() !== '');
  const header = lines.find((line) => line.startsWith('#'));
  if (header === undefined) return [];
  const names = header.slice(1).trim().split(/\s+/);
  return lines.slice(lines.indexOf(header) + 1).map((line) =>
    Object.fromEntries(
      line
        .trim()
        .split(/\s+/)
        .map((value, at) => [names[at] ?? String(at), value]),
    ),
  );
}
