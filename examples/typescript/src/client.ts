import type { TypedDocumentString } from "./generated/graphql.js";

/** One error of an answer. `extensions.code` says what kind it is, `hint` what to do about it. */
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

  async ask<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<Data> {
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
      throw new RequestFailed(errors ?? [{ message: `The gateway answered ${response.status}.` }]);
    }
    return data;
  }
}
