import { connectorCategories } from '@inthub/contracts';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import {
  type AuthScheme,
  authMethodsOf,
  type ConnectorDefinition,
  checkValue,
  ciActionIds,
  communicationActionIds,
  composeConfigSchema,
  modelProviderActionIds,
  projectManagementActionIds,
  registryActionIds,
  routerActionIds,
  sourceControlActionIds,
  validateManifest,
  vaultActionIds,
} from '../index.ts';
import { canaryCredential } from './credentials.ts';
import { fillTemplate } from './http-client.ts';

const standardActions: readonly string[] = [
  ...ciActionIds,
  ...sourceControlActionIds,
  ...communicationActionIds,
  ...projectManagementActionIds,
  ...modelProviderActionIds,
  ...registryActionIds,
  ...routerActionIds,
  ...vaultActionIds,
];

/** Registers tests that a connector's data is whole: forms, validation, egress rules, docs and the catalog are made from it. */
export function manifestConformance(connector: ConnectorDefinition): void {
  const { manifest, actions, checks, discover, webhooks = [] } = connector;

  describe(`manifest of ${manifest.id}`, () => {
    it('is valid', () => {
      expect(() => validateManifest(manifest, [...actions.values()], webhooks)).not.toThrow();
    });

    it('tells an operator what it is and where to read on', () => {
      const { metadata } = manifest;
      for (const url of [metadata.documentationUrl, metadata.supportUrl, metadata.privacyPolicyUrl]) {
        expect(new URL(url).protocol).toBe('https:');
      }
      expect(metadata.description.length).toBeGreaterThan(20);
      expect(metadata.icon).toMatch(/^data:image\/svg[+]xml[;,]/);
      expect(metadata.icon.length).toBeLessThan(4096);
      expect(connectorCategories).toContain(metadata.category);
      for (const method of manifest.auth) expect(method.help.length, `help of ${method.title}`).toBeGreaterThan(10);
      for (const { justification } of manifest.requiredPermissions) expect(justification.length).toBeGreaterThan(10);
    });

    it.each(manifest.types.map((type) => [type.id, type] as const))(
      '%s has a config schema that its defaults and templates fit',
      (_id, type) => {
        const schema = composeConfigSchema(manifest, type);
        expect(() => compileStrictly(schema)).not.toThrow();
        const base = {
          endpoint: type.defaultEndpoint ?? 'https://provider.test',
          authMode: authMethodsOf(manifest, type.id)[0]?.mode,
        };
        const required = new Set<string>(type.config.required ?? []);
        const missing = checkValue(schema, base).filter(
          ({ rule, path }) => !(rule === 'required' && required.has(path.slice(1))),
        );
        expect(missing).toEqual([]);
        for (const template of type.templates ?? []) {
          const withTemplate = checkValue(schema, { ...base, ...template.config });
          expect(
            withTemplate.filter(({ rule }) => rule !== 'required'),
            template.name,
          ).toEqual([]);
        }
      },
    );

    it('keeps secrets out of config', () => {
      for (const type of manifest.types) {
        for (const field of Object.keys(type.config.properties)) {
          expect(field, `${type.id} config field`).not.toMatch(
            /secret|password|passphrase|private_?key|api_?key|^token$/i,
          );
        }
      }
    });

    it('authenticates with fields that the credential kind has', () => {
      for (const { kind, mode, apply, perHost = {}, perPath = {} } of manifest.auth) {
        expect(kind === null, `${mode} with kind ${kind}`).toBe(mode === 'none');
        const credential = kind === null ? undefined : canaryCredential(kind);
        for (const scheme of [apply, ...Object.values(perHost), ...Object.values(perPath)]) {
          for (const template of templatesOf(scheme)) expect(() => fillTemplate(template, credential)).not.toThrow();
        }
        for (const host of Object.keys(perHost)) expect(manifest.egress.hosts).toContain(host);
      }
    });

    it('has actions with closed inputs and schemas that compile', () => {
      // One that only receives has none.
      expect(actions.size + webhooks.length).toBeGreaterThan(0);
      for (const [id, action] of actions) {
        expect(action.id).toBe(id);
        expect(
          standardActions.includes(id) || id.startsWith(`${manifest.id}.`),
          `${id} is standard or carries ${manifest.id}.`,
        ).toBe(true);
        expect(action.input.additionalProperties, `${id} input`).toBe(false);
        expect(() => compileStrictly(action.input), `${id} input`).not.toThrow();
        expect(() => compileStrictly(action.output), `${id} output`).not.toThrow();
        expect(action.description.length, `${id} description`).toBeGreaterThan(10);
      }
    });

    it('names checks and discovery by its own rules', () => {
      expect(checks.map(({ id }) => id)).toContain(`${manifest.id}.reachable`);
      for (const { id } of checks) expect(id.startsWith(`${manifest.id}.`), id).toBe(true);
      expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
      for (const type of Object.keys(discover)) expect(type).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    });
  });
}

function templatesOf(scheme: AuthScheme): readonly string[] {
  switch (scheme.scheme) {
    case 'bearer':
      return [scheme.token];
    case 'basic':
      return [scheme.username, scheme.password];
    case 'header':
      return [scheme.value];
    case 'secret-url':
      return [scheme.url];
    case 'registry-challenge':
      return [scheme.username, scheme.password].filter((template) => template !== undefined);
    case 'token-exchange':
      return Object.values(scheme.json ?? scheme.form ?? {});
    case 'signed-jwt':
      return [scheme.privateKey, ...Object.values(scheme.claims), scheme.exchange?.url ?? ''];
    default:
      return [];
  }
}

function compileStrictly(schema: object): void {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false, logger: false });
  formats.default(ajv);
  ajv.compile(schema);
}
