import { alternatives, choicesOf, isSchema, type JsonSchema, typesOf } from './json-schema.ts';
import type { Output } from './output.ts';
import { valueText } from './output.ts';

interface FieldRow {
  /** Path from the outside in; `[]` after a list, `*` for any name. */
  readonly field: string;
  readonly type: string;
  readonly required: boolean;
  readonly default: string;
  readonly description: string;
}

/** Deeper fields are shown as one object. */
const deepest = 4;
const mostRows = 500;
const mostChoices = 12;

/** The fields of an object's schema, nested ones with their path, those that are required first. */
function schemaFields(root: JsonSchema): readonly FieldRow[] {
  const rows: FieldRow[] = [];
  visit(root, '', 0);
  return rows;

  function visit(schema: JsonSchema, prefix: string, depth: number): void {
    const objects = alternatives(schema, root).filter((one) => isSchema(one['properties']));
    for (const one of objects) {
      const required = new Set(Array.isArray(one['required']) ? one['required'] : []);
      const properties = Object.entries(one['properties'] as JsonSchema);
      properties.sort(([a], [b]) => Number(required.has(b)) - Number(required.has(a)));
      for (const [name, property] of properties) {
        if (rows.length >= mostRows) return;
        if (!isSchema(property)) continue;
        const field = `${prefix}${name}`;
        rows.push(rowOf(field, property, required.has(name)));
        if (depth + 1 < deepest) visitInner(property, field, depth + 1);
      }
    }
  }

  function visitInner(property: JsonSchema, field: string, depth: number): void {
    visit(property, `${field}.`, depth);
    for (const one of alternatives(property, root)) {
      if (isSchema(one['items'])) visit(one['items'], `${field}[].`, depth);
      if (isSchema(one['additionalProperties'])) visit(one['additionalProperties'], `${field}.*.`, depth);
    }
  }

  function rowOf(field: string, property: JsonSchema, required: boolean): FieldRow {
    const { title, description } = property;
    const words = [description, title].find((text) => typeof text === 'string');
    return {
      field,
      type: typeText(property),
      required,
      default: property['default'] === undefined ? '' : valueText(property['default']),
      description: typeof words === 'string' ? words : '',
    };
  }

  function typeText(property: JsonSchema): string {
    const parts = alternatives(property, root).flatMap((one) => {
      const choices = choicesOf(one);
      if (choices !== undefined) {
        const shown = choices.slice(0, mostChoices).map((choice) => valueText(choice));
        return [...shown, ...(choices.length > mostChoices ? ['…'] : [])];
      }
      if (isSchema(one['items'])) return [`list of ${typeText(one['items'])}`];
      return typesOf(one).map((type) => `${type}${limits(one)}`);
    });
    return [...new Set(parts)].join(' | ') || 'any';
  }
}

function limits(schema: JsonSchema): string {
  const { minimum, maximum } = schema;
  if (typeof minimum === 'number' && typeof maximum === 'number') return ` ${minimum}–${maximum}`;
  if (typeof minimum === 'number') return ` ≥ ${minimum}`;
  return typeof maximum === 'number' ? ` ≤ ${maximum}` : '';
}

export function schemaTable(output: Output, schema: JsonSchema): string {
  const rows = schemaFields(schema);
  if (rows.length === 0) return 'none';
  return output.table(
    ['field', 'type', 'required', 'default', 'description'],
    rows.map((row) => [row.field, row.type, row.required ? 'yes' : '', row.default, row.description]),
  );
}
