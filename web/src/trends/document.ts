import {
  type FieldNode,
  type FragmentDefinitionNode,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  valueFromASTUntyped,
} from "graphql";

/** An operation as it was sent to the server. */
export type Sent = {
  query: string;
  operationName?: string | null;
  variables?: Record<string, unknown> | null;
};

/** What the document says about one key of an answer's object. */
export type Field = {
  key: string;
  name: string;
  node: FieldNode;
  /** By response key; empty for scalars. */
  fields: Fields;
};

export type Fields = ReadonlyMap<string, Field>;

/** An operation, read so far that an answer can be compared with it. */
export class Operation {
  readonly kind: OperationDefinitionNode["operation"];
  readonly fields: Fields;
  readonly #variables: Record<string, unknown>;

  private constructor(node: OperationDefinitionNode, fields: Fields, variables: Record<string, unknown>) {
    this.kind = node.operation;
    this.fields = fields;
    this.#variables = variables;
  }

  /** Null if the text is not a document, or does not say which of its operations to run. */
  static read({ query, operationName, variables }: Sent): Operation | null {
    try {
      const document = parse(query, { noLocation: true });
      const node = getOperationAST(document, operationName);
      if (!node) return null;
      const fragments = new Map<string, FragmentDefinitionNode>();
      for (const definition of document.definitions) {
        if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
      }
      const fields = collectFields([node.selectionSet], fragments, []);
      return new Operation(node, fields, { ...defaultsOf(node), ...variables });
    } catch {
      return null;
    }
  }

  /** The value of an argument, with variables put in; undefined where it is not given. */
  argument(field: Field, name: string): unknown {
    const argument = field.node.arguments?.find((candidate) => candidate.name.value === name);
    return argument && valueFromASTUntyped(argument.value, this.#variables);
  }
}

/** What an object answers for a field, whatever the document calls it there. */
export function readField(object: Record<string, unknown>, fields: Fields, name: string): unknown {
  for (const field of fields.values()) if (field.name === name) return object[field.key];
  return undefined;
}

export function asksFor(fields: Fields, name: string): boolean {
  return [...fields.values()].some((field) => field.name === name);
}

// Type conditions are not looked at: a key that an object does not have is missing in the answer.
function collectFields(
  sets: readonly SelectionSetNode[],
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  within: readonly string[],
): Fields {
  const found = new Map<string, { node: FieldNode; sets: SelectionSetNode[] }>();
  const add = (set: SelectionSetNode, spreads: readonly string[]): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        const known = found.get(key) ?? { node: selection, sets: [] };
        if (selection.selectionSet) known.sets.push(selection.selectionSet);
        found.set(key, known);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) add(selection.selectionSet, spreads);
      else {
        const name = selection.name.value;
        const fragment = fragments.get(name);
        if (fragment && !spreads.includes(name)) add(fragment.selectionSet, [...spreads, name]);
      }
    }
  };
  for (const set of sets) add(set, within);
  const fields = new Map<string, Field>();
  for (const [key, { node, sets: inner }] of found) {
    fields.set(key, { key, name: node.name.value, node, fields: collectFields(inner, fragments, within) });
  }
  return fields;
}

function defaultsOf(node: OperationDefinitionNode): Record<string, unknown> {
  const defaults: Record<string, unknown> = {};
  for (const { variable, defaultValue } of node.variableDefinitions ?? []) {
    if (defaultValue) defaults[variable.name.value] = valueFromASTUntyped(defaultValue);
  }
  return defaults;
}
