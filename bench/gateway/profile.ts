/**
 * `node bench/gateway/profile.ts <file.cpuprofile> [rows]`: where a process spent its time. By function, each by itself, without what it
 * called; and by the hub's files, each with what it called in packages and in Node. Idle time is left out.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { table } from './statistics.ts';

interface Frame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const [file, rows = '45'] = process.argv.slice(2);
if (file === undefined) throw new TypeError('Which .cpuprofile?');
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile;

const byId = new Map(nodes.map((node) => [node.id, node]));
const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
const byFunction = new Map<string, number>();
const byPlace = new Map<string, number>();
const byOwnFile = new Map<string, number>();
let total = 0;
for (const [index, id] of samples.entries()) {
  const frame = byId.get(id)?.callFrame;
  const us = timeDeltas[index] ?? 0;
  if (frame === undefined || frame.functionName === '(idle)') continue;
  total += us;
  add(byPlace, placeOf(frame), us);
  add(byOwnFile, ownFileAbove(id), us);
  add(
    byFunction,
    `${frame.functionName || '(anonymous)'} — ${placeOf(frame)} ${basename(frame.url)}:${frame.lineNumber + 1}`,
    us,
  );
}
console.log(`${(total / 1e6).toFixed(1)} s busy\n`);
print('function, by itself', byFunction);
print('file of the hub, with what it calls outside', byOwnFile);
print('file or package, by itself', byPlace);

function print(title: string, sums: ReadonlyMap<string, number>): void {
  const top = [...sums].toSorted((a, b) => b[1] - a[1]).slice(0, Number(rows));
  console.log(
    table(
      [title, '%'],
      top.map(([name, us]) => [name, ((us / total) * 100).toFixed(2)]),
    ),
    '\n',
  );
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us);
}

function ownFileAbove(id: number): string {
  let packageName: string | undefined;
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const frame = byId.get(at)?.callFrame;
    if (frame === undefined || frame.url === '') continue;
    const place = placeOf(frame);
    if (frame.url.startsWith('file:') && !frame.url.includes('/node_modules/')) return place;
    if (!frame.url.startsWith('node:')) packageName = place;
  }
  return packageName === undefined
    ? `(Node) ${byId.get(id)?.callFrame.functionName ?? ''}`
    : `(package) ${packageName}`;
}

function placeOf({ url }: Frame): string {
  if (url === '') return '(engine)';
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  return inPackage ?? url.replace(/^.*\/(?:dist|src)\//, '');
}
