/** A node that reads sources from real brokers, with a receiver that is not needed. */
import { eventually } from "@posthorn/testkit";
import { TestGateway, type TestSource } from "../support/gateway.ts";

export interface Message {
  readonly id: string;
  readonly eventType: string;
  readonly eventId: string | null;
  readonly payload: unknown;
}

export class BrokerScene implements AsyncDisposable {
  readonly gateway: TestGateway;

  private constructor(gateway: TestGateway) {
    this.gateway = gateway;
  }

  static async start(env: Record<string, string> = {}): Promise<BrokerScene> {
    return new BrokerScene(await TestGateway.start(env));
  }

  /** A source, once it is connected. */
  async connected(kind: string, config: object, fields: object = {}): Promise<TestSource> {
    const source = await this.gateway.source({ kind, config, ...fields }, false);
    await this.running(source);
    return source;
  }

  running(source: TestSource): Promise<Record<string, unknown>> {
    return eventually(
      async () => {
        const state = await this.state(source);
        if (state["state"] !== "running") throw new Error(`not connected: ${JSON.stringify(state)}`);
        return state;
      },
      { timeoutMs: 60_000 },
    );
  }

  /** State of a source that fails. */
  async failure(kind: string, config: object): Promise<{ readonly code: string; readonly text: string }> {
    const source = await this.gateway.source({ kind, config }, false);
    const state = await eventually(
      async () => {
        const found = await this.state(source);
        if (found["state"] !== "failing") throw new Error(`does not fail: ${JSON.stringify(found)}`);
        return found;
      },
      { timeoutMs: 60_000 },
    );
    await this.gateway.call("DELETE", `ingest/api/v1/source/${source.id}`);
    const error = state["error"] as { readonly code: string; readonly message: string; readonly hint: string | null };
    return { code: error.code, text: `${error.message} ${error.hint ?? ""}` };
  }

  async state(source: TestSource): Promise<Record<string, unknown>> {
    return (await this.gateway.call("GET", `ingest/api/v1/source/${source.id}/state`)).json;
  }

  /** Messages of a source, oldest first, once there are this many. */
  messages(source: TestSource, count: number): Promise<readonly Message[]> {
    return eventually(
      async () => {
        const all = await this.all(source);
        if (all.length < count) throw new Error(`${all.length} of ${count} messages`);
        return all;
      },
      { timeoutMs: 60_000 },
    );
  }

  async all(source: TestSource): Promise<readonly Message[]> {
    const found: Message[] = [];
    let iterator: string | null = null;
    do {
      const from: string = iterator === null ? "" : `&iterator=${encodeURIComponent(iterator)}`;
      const { json } = await this.gateway.call("GET", `api/v1/app/${source.id}/msg?limit=250${from}`);
      found.push(...(json["data"] as Message[]));
      iterator = json["done"] === true ? null : (json["iterator"] as string);
    } while (iterator !== null);
    return found.toReversed();
  }

  /** Exact bytes and metadata of a message, as they are stored. */
  async raw(
    message: Message,
  ): Promise<{ readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> }> {
    const row = await this.gateway.node.services.store.db
      .selectFrom("message")
      .select(["payload", "request_json"])
      .where("public_id", "=", message.id)
      .executeTakeFirstOrThrow();
    const { headers } = JSON.parse(row.request_json!) as { readonly headers: readonly string[] };
    const pairs: [string, string][] = [];
    for (let index = 0; index + 1 < headers.length; index += 2) pairs.push([headers[index]!, headers[index + 1]!]);
    return { body: new Uint8Array(row.payload!), headers: Object.fromEntries(pairs) };
  }

  async change(source: TestSource, kind: string, config: object): Promise<void> {
    const body = { name: "Test source", kind, config };
    const { status, text } = await this.gateway.call("PUT", `ingest/api/v1/source/${source.id}`, body);
    if (status !== 200) throw new Error(text);
  }

  async delete(source: TestSource): Promise<void> {
    await this.gateway.call("DELETE", `ingest/api/v1/source/${source.id}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
  }
}
