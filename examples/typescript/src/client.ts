import type { TypedDocumentString } from "./generated/graphql.js";

/** An error of a response, with its code and a hint in `extensions`. */
export interface GatewayError {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string; hint?: string; path?: (string | number)[] };
}

export class RequestFailed extends Error {
  readonly errors: readonly GatewayError[];

  constructor(errors: readonly GatewayError[]) {
    super(errors.map((error) => `${error.extensions?.code ?? "ERROR"}: ${error.message}`).join("; "));
    this.errors = errors;
  }
}

/** Sends operations to one gateway. The types of variables and data follow from the document. */
export class Gateway {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  async execute<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<Data> {
    const response = await fetch(this.url, {
      method: "POST",
      headers: {
        accept: "application/graphql-response+json",
        authorization: `Bearer ${this.key}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ query: document.toString(), variables }),
    });
    const { data, errors } = (await response.json()) as { data?: Data; errors?: GatewayError[] };
    if (errors?.length || data === undefined) {
      throw new RequestFailed(errors ?? [{ message: `The gateway responded with status ${response.status}.` }]);
    }
    return data;
  }
}
