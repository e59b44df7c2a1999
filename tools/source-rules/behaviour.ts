import { isShipped, type SourceRule } from './rule.ts';
import { argumentsOf, isGlobal, isNode, memberOf, type SyntaxNode, specifierOf } from './source-file.ts';

/** Files whose job is real time or real chance, or that hand it to the others; everything else receives a Clock. */
const clockFiles = new Set([
  'packages/contracts/src/clock.ts',
  'packages/contracts/src/ids.ts',
  'apps/hub/src/main.ts',
  'apps/hub/src/app.ts',
]);
const timers = ['setTimeout', 'setInterval', 'setImmediate'];
const senders = ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'];
const logLevels = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

/** Names inside of these are types, or parameters of function types. */
const typeSyntax =
  /^Ts(?:TypeAnnotation|TypeAliasDeclaration|Interface|TypeParameter|TypeQuery|FunctionType|MethodSignature|PropertySignature)/;
const isTypeOnly = (ancestors: readonly SyntaxNode[]) => ancestors.some(({ type }) => typeSyntax.test(type));

function isGlobalMember(node: SyntaxNode, object: string, property: string): boolean {
  const member = memberOf(node);
  return member?.property === property && isGlobal(member.object, object);
}

/** A global used as a value, by its name or through globalThis. */
function usesGlobal(node: SyntaxNode, ancestors: readonly SyntaxNode[], name: string): boolean {
  return !isTypeOnly(ancestors) && (isGlobal(node, name) || isGlobalMember(node, 'globalThis', name));
}

const isLogger = (node: SyntaxNode): boolean => {
  const name = node.type === 'Identifier' ? node['value'] : memberOf(node)?.property;
  return typeof name === 'string' && /^log(?:ger)?$|Log(?:ger)?$/.test(name);
};

const isBuiltText = (node: SyntaxNode): boolean => {
  if (node.type === 'TemplateLiteral') return Array.isArray(node['expressions']) && node['expressions'].length > 0;
  return node.type === 'BinaryExpression' && node['operator'] === '+';
};

export const behaviourRules: readonly SourceRule[] = [
  {
    name: 'injected-clock',
    wayOut:
      'Take a Clock (contracts) as an argument, so that tests need not wait; randomness comes as an argument too.',
    appliesTo: (path) => /^(?:packages|connectors|apps\/hub)\//.test(path) && isShipped(path) && !clockFiles.has(path),
    check(file, report) {
      file.walk((node, ancestors) => {
        if (isGlobalMember(node, 'Date', 'now')) report(node, 'Date.now().');
        if (isGlobalMember(node, 'Math', 'random')) report(node, 'Math.random().');
        if (isGlobalMember(node, 'performance', 'now')) report(node, 'performance.now().');
        if (node.type === 'NewExpression' && isGlobal(node['callee'], 'Date') && argumentsOf(node).length === 0) {
          report(node, 'new Date() without an argument.');
        }
        for (const timer of timers) if (usesGlobal(node, ancestors, timer)) report(node, `${timer}.`);
        const specifier = specifierOf(node);
        if (specifier && /^(?:node:)?timers(?:\/promises)?$/.test(specifier)) report(node, `import of ${specifier}.`);
      });
    },
  },
  {
    name: 'one-door-out',
    wayOut: 'Connectors send through ctx.http; inside the hub everything leaves through egress.',
    appliesTo: (path) => isShipped(path) && !/^(?:packages\/client|apps\/console)\//.test(path),
    check(file, report) {
      file.walk((node, ancestors) => {
        for (const sender of senders) if (usesGlobal(node, ancestors, sender)) report(node, `global ${sender}.`);
      });
    },
  },
  {
    name: 'no-bare-error',
    wayOut: 'Throw a HubError (contracts) with a code from the closed table, so that callers know what to do.',
    appliesTo: (path) => path.startsWith('connectors/src/') && isShipped(path),
    check(file, report) {
      file.walk((node) => {
        const thrown = node.type === 'ThrowStatement' ? node['argument'] : undefined;
        if (!isNode(thrown)) return;
        const made = thrown.type === 'NewExpression' || thrown.type === 'CallExpression' ? thrown['callee'] : undefined;
        if (isGlobal(made, 'Error')) report(node, 'throw of a bare Error.');
      });
    },
  },
  {
    name: 'static-log-message',
    wayOut: "Keep the text fixed and pass values as fields: log.info({ id }, 'integration installed').",
    appliesTo: isShipped,
    check(file, report) {
      file.walk((node) => {
        if (node.type !== 'CallExpression') return;
        const callee = memberOf(node['callee']);
        if (!callee || !logLevels.has(callee.property) || !isLogger(callee.object)) return;
        if (argumentsOf(node).some(isBuiltText)) report(node, 'the log message is put together at run time.');
      });
    },
  },
  {
    name: 'repository-takes-transaction',
    wayOut: 'A repository function takes a TenantTx; opening transactions is the service’s work.',
    appliesTo: (path) => /-repository[.]ts$/.test(path),
    check(file, report) {
      file.walk((node, ancestors) => {
        if (node.type !== 'Identifier' || ancestors.at(-1)?.type === 'KeyValueProperty') return;
        if (['Pool', 'PoolClient', 'pool'].includes(String(node['value']))) report(node, `uses ${node['value']}.`);
      });
    },
  },
];
