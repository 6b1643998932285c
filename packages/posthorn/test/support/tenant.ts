/** An application of a test node, over its HTTP API. */
import { eventually } from "@posthorn/testkit";
import type { TestNode } from "./posthorn.ts";

export interface ApiResponse {
  readonly status: number;
  // The test defines what a response contains.
  readonly json: Record<string, unknown>;
  readonly text: string;
}

export class Tenant {
  readonly #node: TestNode;
  readonly #token: string;

  constructor(node: TestNode, token = node.token) {
    this.#node = node;
    this.#token = token;
  }

  call(method: string, path: string, body?: object): Promise<ApiResponse> {
    return this.at("api/v1", method, path, body);
  }

  /** Like `call`, below a path other than that of the API. */
  async at(root: string, method: string, path: string, body?: object): Promise<ApiResponse> {
    const response = await fetch(`${this.#node.url}/${root}/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  /** Application `app`, with endpoint `ep` at this URL. */
  async setUp(url: string): Promise<void> {
    await this.call("POST", "app", { name: "Test", uid: "app" });
    const response = await this.call("POST", "app/app/endpoint", { url, uid: "ep" });
    if (response.status !== 201) throw new Error(response.text);
  }

  /** This tenant with a token of one application. */
  async portal(capabilities: readonly string[], app = "app"): Promise<Tenant> {
    const { json } = await this.call("POST", `auth/app-portal-access/${app}`, { capabilities });
    return this.as(json["token"] as string);
  }

  as(token: string): Tenant {
    return new Tenant(this.#node, token);
  }

  /** Publishes a message and returns its first attempt. */
  async firstAttempt(): Promise<Record<string, unknown>> {
    const { json } = await this.call("POST", "app/app/msg", { eventType: "a", payload: { n: 1 } });
    return eventually(async () => {
      const list = await this.call("GET", `app/app/attempt/msg/${String(json["id"])}`);
      const attempts = list.json["data"] as Record<string, unknown>[];
      if (attempts[0] === undefined) throw new Error("no attempt yet");
      return attempts[0];
    });
  }
}
