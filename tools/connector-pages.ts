/** The pages of docs/connectors as text, from the connectors' definitions and the tables of actions in their READMEs. */
import { posix } from 'node:path';
import {
  actionsOfType,
  type ConnectorDefinition,
  ciActionSpecs,
  communicationActionSpecs,
  modelProviderActionSpecs,
  projectManagementActionSpecs,
  registryActionSpecs,
  routerActionSpecs,
  sourceControlActionSpecs,
  vaultActionSpecs,
  type WebhookDefinition,
} from '@inthub/connector-sdk';
import { type ConnectorCategory, connectorCategories } from '@inthub/contracts';

/** A connector with the text of its README, which says what each action is proven by. */
export interface DocumentedConnector {
  readonly definition: ConnectorDefinition;
  readonly readme: string;
}

/** The standard actions of a category, by id. Those of registries only read, so they do not say it of each. */
type StandardActions = Readonly<Record<string, { readonly title: string; readonly safe?: boolean }>>;

/** Strongest first; the words that READMEs use in the column "proven by". */
const proofs = ['real', 'emulator', 'vendor description', 'stub'] as const;
type Proof = (typeof proofs)[number];

const names: Record<ConnectorCategory, string> = {
  source_control: 'Source control',
  ci_cd: 'CI/CD',
  registry: 'Container registries',
  vault: 'Secret vaults',
  router: 'Traffic routers',
  project_management: 'Project management',
  communication: 'Communication',
  model_provider: 'Models',
  cloud_provider: 'Cloud providers',
  database: 'Databases',
  monitoring: 'Monitoring',
  security: 'Security',
  host: 'Hosts',
  feed: 'Feeds',
  artifact: 'Artifacts',
  custom: 'Others',
};

const standard: Partial<Record<ConnectorCategory, StandardActions>> = {
  source_control: sourceControlActionSpecs,
  ci_cd: ciActionSpecs,
  registry: registryActionSpecs,
  vault: vaultActionSpecs,
  router: routerActionSpecs,
  project_management: projectManagementActionSpecs,
  communication: communicationActionSpecs,
  model_provider: modelProviderActionSpecs,
};

const generated =
  '<!-- Written by `npm run generate` from the manifests and READMEs of the connectors; do not edit. -->';

const legend = `What an action is *proven by*, strongest first: **real**: the product itself ran in the test. **emulator**: somebody else's imitation of it.
**vendor description**: requests and answers are held to the vendor's own API description. **stub**: a stand-in of ours, written after the documentation.
A cell shows the strongest; the connector's README tells all of it.`;

/** Name of the file → its text. Deterministic: the order is that of the registry and of the category's specification. */
export function connectorPages(connectors: readonly DocumentedConnector[]): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  const inUse = connectorCategories.filter((category) => connectors.some((one) => isOf(one.definition, category)));
  pages.set('README.md', indexPage(connectors, inUse));
  for (const category of inUse) {
    const members = connectors.filter((one) => isOf(one.definition, category));
    pages.set(pageOf(category), categoryPage(category, members));
  }
  return pages;
}

/** Action → the proofs that the README's table of actions names in its last column, strongest first. */
export function proofsIn(readme: string): ReadonlyMap<string, readonly Proof[]> {
  const found = new Map<string, readonly Proof[]>();
  let column: number | undefined;
  for (const line of readme.split('\n')) {
    const cells = line.startsWith('|') ? cellsOf(line) : [];
    if (cells.length === 0) column = undefined;
    else if (cells[0] === 'action') column = cells.includes('proven by') ? cells.indexOf('proven by') : undefined;
    const id = /^`([a-z0-9_.]+)`$/.exec(cells[0] ?? '')?.[1];
    const words = column === undefined ? undefined : cells[column];
    if (id === undefined || words === undefined) continue;
    found.set(
      id,
      proofs.filter((proof) => new RegExp(`\\b${proof}\\b`).test(words)),
    );
  }
  return found;
}

/** Cells of a line of a table; `\|` is a bar within one. */
function cellsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

function indexPage(connectors: readonly DocumentedConnector[], inUse: readonly ConnectorCategory[]): string {
  const rows = connectors.map(({ definition, readme }) => {
    const { manifest, webhooks = [] } = definition;
    const own = inUse.filter((category) => isOf(definition, category));
    const known = new Set([...proofsIn(readme).values()].flat());
    return [
      linkTo(definition),
      manifest.types.map(({ id }) => `\`${id}\``).join(', '),
      own.map((category) => `[${names[category]}](${pageOf(category)})`).join(', '),
      [...new Set(manifest.auth.map(({ mode, kind }) => (kind === null ? mode : `${mode}: \`${kind}\``)))].join(', '),
      [...new Set(webhooks.map(webhookText))].join('; ') || '–',
      definition.actions.size === 0
        ? 'no actions'
        : proofs.filter((proof) => known.has(proof)).join(', ') || 'see its README',
    ];
  });
  return page('Connectors', [
    `${connectors.length} connectors are built in; \`inthub connectors list\` shows those of a running hub. By category: ${inUse
      .map((category) => `[${names[category]}](${pageOf(category)})`)
      .join(' · ')}. How to write one: [CONTRIBUTING.md](../../CONTRIBUTING.md#add-a-connector).`,
    table(['connector', 'types', 'category', 'auth mode: credential', 'webhooks in', 'proven by'], rows),
    'Webhooks: *signed*: over the body. *token*: a secret of its own in a header. *address*: the product proves nothing, so the secret is part of the address. *by the hub*: the hub can make and remove the webhook at the product.',
    legend,
  ]);
}

function categoryPage(category: ConnectorCategory, members: readonly DocumentedConnector[]): string {
  const specs = standard[category];
  const offered = members.map((member) => {
    const types = member.definition.manifest.types.filter((type) => type.category === category);
    const actions = new Map(
      types.flatMap(({ id }) => actionsOfType(member.definition, id)).map((action) => [action.id, action]),
    );
    return { ...member, types, actions, proven: proofsIn(member.readme) };
  });
  const matrix = Object.entries(specs ?? {}).map(([id, { title, safe = true }]) => [
    `\`${id}\``,
    safe ? title : `**${title}**`,
    ...offered.map(({ actions, proven }) => (actions.has(id) ? (proven.get(id)?.[0] ?? 'yes') : '–')),
  ]);
  const own = offered.flatMap(({ definition, actions, proven }) =>
    [...actions.values()]
      .filter(({ id }) => specs === undefined || !Object.hasOwn(specs, id))
      .map(({ id, title, safe }) => [
        linkTo(definition),
        `\`${id}\``,
        safe ? title : `**${title}**`,
        proven.get(id)?.join(', ') ?? 'see its README',
      ]),
  );
  const types = offered.flatMap(({ definition, types: list }) =>
    list.map((type) => [linkTo(definition), `\`${type.id}\``, type.description, type.defaultEndpoint ?? 'yours']),
  );
  return page(names[category], [
    '[All connectors](README.md)',
    table(['connector', 'type', 'what it is', 'endpoint'], types),
    ...(matrix.length === 0
      ? []
      : [
          '## Standard actions',
          'The same id, input and output at every product. Bold: changes something; the others only read, so they may be repeated and cached.',
          table(['action', '', ...offered.map(({ definition }) => linkTo(definition))], matrix),
        ]),
    ...(own.length === 0
      ? []
      : ['## Further actions', table(['connector', 'action', 'what it does', 'proven by'], own)]),
    legend,
  ]);
}

function webhookText({ proof, registration }: WebhookDefinition): string {
  const words = { signature: 'signed', token: 'token', url: 'address' } as const;
  return registration === undefined ? words[proof] : `${words[proof]}, by the hub`;
}

function isOf({ manifest }: ConnectorDefinition, category: ConnectorCategory): boolean {
  return manifest.types.some((type) => type.category === category);
}

const pageOf = (category: ConnectorCategory) => `${category.replaceAll('_', '-')}.md`;

function linkTo({ manifest }: ConnectorDefinition): string {
  return `[${manifest.metadata.name}](${posix.join('../../connectors/src', manifest.id, 'README.md')})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replace(/(?<!\\)\|/g, '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function page(title: string, parts: readonly string[]): string {
  return `${[generated, `# ${title}`, ...parts].join('\n\n')}\n`;
}
