/** Sources of a test node, over its HTTP API and its source URLs. */
import { createHmac } from "node:crypto";
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import type { NodeOptions } from "../../src/node/options.ts";
import { startNode, type TestNode } from "./posthorn.ts";
import { temporaryFolder } from "./store.ts";

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // The test defines what a response contains.
  readonly json: Record<string, unknown>;
}

export interface TestSource {
  readonly id: string;
  readonly url: string;
}

/** A node with a receiver behind it. */
export class TestGateway implements AsyncDisposable {
  readonly node: TestNode;
  readonly receiver: Receiver;
  readonly #folder: ReturnType<typeof temporaryFolder>;

  private constructor(node: TestNode, receiver: Receiver, folder: ReturnType<typeof temporaryFolder>) {
    this.node = node;
    this.receiver = receiver;
    this.#folder = folder;
  }

  static async start(env: Record<string, string> = {}, options: Partial<NodeOptions> = {}): Promise<TestGateway> {
    const folder = temporaryFolder();
    return new TestGateway(await startNode(folder.path, { env, ...options }), await startReceiver(), folder);
  }

  /** A call of the API. `path` starts at the root of the node. */
  async call(method: string, path: string, body?: object): Promise<ApiResponse> {
    return responseOf(
      await fetch(`${this.node.url}/${path}`, {
        method,
        headers: { authorization: `Bearer ${this.node.token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  }

  /** A source, with one endpoint at the receiver unless `endpoint` is false. */
  async source(fields: object, endpoint: object | false = {}): Promise<TestSource> {
    const made = await this.call("POST", "ingest/api/v1/source", { name: "Test source", ...fields });
    if (made.status !== 201) throw new Error(made.text);
    const id = made.json["id"] as string;
    if (endpoint !== false) {
      const path = `ingest/api/v1/source/${id}/endpoint`;
      const added = await this.call("POST", path, { url: `${this.receiver.url}/target`, ...endpoint });
      if (added.status !== 201) throw new Error(added.text);
    }
    return { id, url: made.json["ingestUrl"] as string };
  }

  /** The quarantine of a source, once it has this many requests. */
  quarantine(source: TestSource, count = 1): Promise<Record<string, unknown>[]> {
    return eventually(async () => {
      const { json } = await this.call("GET", `ingest/api/v1/source/${source.id}/quarantine`);
      const rows = json["data"] as Record<string, unknown>[];
      if (rows.length < count) throw new Error(`${rows.length} of ${count} in quarantine`);
      return rows;
    });
  }

  /** The messages of a source. */
  async messages(source: TestSource): Promise<Record<string, unknown>[]> {
    const { json } = await this.call("GET", `api/v1/app/${source.id}/msg`);
    return json["data"] as Record<string, unknown>[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
    await this.receiver[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** Sends a request to a source URL. */
export async function send(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  method = "POST",
): Promise<ApiResponse> {
  const hasBody = method !== "GET" && method !== "HEAD";
  return responseOf(await fetch(url, { method, headers, redirect: "manual", ...(hasBody ? { body } : {}) }));
}

/** The headers of a GitHub webhook. */
export function githubHeaders(secret: string, body: string | Uint8Array, id: string, event = "push") {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  return {
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/044aadd",
    "x-github-event": event,
    "x-github-delivery": id,
    "x-hub-signature-256": `sha256=${signature}`,
  };
}

async function responseOf(response: Response): Promise<ApiResponse> {
  const text = await response.text();
  let json: Record<string, unknown> = {};
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Not every response is JSON.
  }
  return { status: response.status, headers: response.headers, text, json };
}
