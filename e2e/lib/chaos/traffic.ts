/** Publishers that retry forever on any node, and checks of the requests that receivers get. */
import { setTimeout as delay } from "node:timers/promises";
import type { Received } from "@posthorn/testkit";
import type { Publication } from "./disorder.ts";
import { nameOf } from "./duplicates.ts";
import type { ChaosNodes } from "./nodes.ts";

/** Deadline of a request, after which the client calls another node: a frozen one does not respond. */
const REQUEST_TIMEOUT_MS = 6000;
const PAUSE_MS = 50;

export class Publishers {
  /** Accepted messages, by ID. */
  readonly accepted = new Map<string, Publication>();
  /** Requests that were sent more than once before they were accepted. */
  repeated = 0;
  readonly #nodes: ChaosNodes;
  readonly #app: string;
  readonly #end = new AbortController();

  constructor(nodes: ChaosNodes, app: string) {
    this.#nodes = nodes;
    this.#app = app;
  }

  /**
   * Publishes one message of this ordering key after the other, each until it is accepted.
   *
   * @param node Asked first each time; `null`: any.
   */
  async run(orderingKey: string, node: number | null): Promise<void> {
    for (let n = 0; !this.#end.signal.aborted; n++) await this.publish(orderingKey, n, node);
  }

  /** Publishes a message until it is accepted, and returns its ID. */
  async publish(orderingKey: string, n: number, node: number | null): Promise<string> {
    const body = { eventType: "chaos.test", orderingKey, payload: { key: orderingKey, n } };
    const from = Date.now();
    const { id } = await this.call("POST", `/app/${this.#app}/msg`, body, `${orderingKey}/${n}`, node);
    const by = node === null ? "any node" : `node ${node}`;
    this.accepted.set(id!, { by, from, until: Date.now() });
    return id!;
  }

  end(): void {
    this.#end.abort();
  }

  /** Calls one node after the other until one succeeds. */
  async call(
    method: string,
    path: string,
    body: object,
    key: string,
    node: number | null = null,
  ): Promise<Record<string, string>> {
    for (let tries = 1; ; tries++) {
      const url = node === null || tries > 1 ? this.#nodes.anyUrl() : this.#nodes.urlOf(node);
      const response = url === null ? null : await this.#ask(url, method, { path, body, key });
      if (response !== null) {
        if (tries > 1) this.repeated++;
        return response;
      }
      await delay(PAUSE_MS);
    }
  }

  async #ask(
    url: string,
    method: string,
    { path, body, key }: { readonly path: string; readonly body: object; readonly key: string },
  ): Promise<Record<string, string> | null> {
    let response: Response;
    try {
      response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#nodes.token}`,
          "content-type": "application/json",
          "idempotency-key": key,
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      if (response.ok) return (await response.json()) as Record<string, string>;
    } catch {
      return null;
    }
    // 408: the node was frozen while it read the request.
    if (response.status === 503 || response.status === 408) return null;
    throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  }
}

/** The messages that each endpoint never received. */
export function lostIn(
  requests: readonly Received[],
  accepted: ReadonlySet<string>,
  paths: readonly string[],
): string[] {
  const got = new Set(requests.map(nameOf));
  return paths.flatMap((path) => [...accepted].filter((id) => !got.has(`${path} ${id}`)).map((id) => `${path} ${id}`));
}
