/** Publishers that do not give up, on any node, and what receivers make of it. */
import { setTimeout as delay } from "node:timers/promises";
import type { Received } from "@posthorn/testkit";
import { nameOf } from "./duplicates.ts";
import type { ChaosNodes } from "./nodes.ts";

/** A node that stands still answers nobody: another one is asked. */
const PATIENCE_MS = 6000;
const PAUSE_MS = 50;

export class Publishers {
  readonly accepted = new Set<string>();
  /** Sent more than once before they were accepted. */
  repeated = 0;
  readonly #nodes: ChaosNodes;
  readonly #app: string;
  readonly #end = new AbortController();

  constructor(nodes: ChaosNodes, app: string) {
    this.#nodes = nodes;
    this.#app = app;
  }

  /** Publishes one message of this ordering key after the other, each until it is accepted. */
  async run(orderingKey: string): Promise<void> {
    for (let n = 0; !this.#end.signal.aborted; n++) {
      const body = { eventType: "chaos.test", orderingKey, payload: { key: orderingKey, n } };
      const { id } = await this.call("POST", `/app/${this.#app}/msg`, body, `${orderingKey}/${n}`);
      this.accepted.add(id!);
    }
  }

  end(): void {
    this.#end.abort();
  }

  /** Asks one node after the other until one does it. */
  async call(method: string, path: string, body: object, key: string): Promise<Record<string, string>> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#ask(method, path, body, key);
      if (answer !== null) {
        if (tries > 1) this.repeated++;
        return answer;
      }
      await delay(PAUSE_MS);
    }
  }

  async #ask(method: string, path: string, body: object, key: string): Promise<Record<string, string> | null> {
    const url = this.#nodes.anyUrl();
    if (url === null) return null;
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
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (response.ok) return (await response.json()) as Record<string, string>;
    } catch {
      return null;
    }
    if (response.status === 503) return null;
    throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  }
}

/** Requests whose message came before one of its ordering key that was published earlier. */
export function outOfOrder(requests: readonly Received[]): readonly string[] {
  const last = new Map<string, number>();
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const request of requests) {
    const { key, n } = JSON.parse(request.body.toString()) as { readonly key: string; readonly n: number };
    if (seen.has(nameOf(request))) continue;
    seen.add(nameOf(request));
    const lane = `${request.path} ${key}`;
    if (n < (last.get(lane) ?? -1)) wrong.push(`${lane}: ${n} after ${last.get(lane)}`);
    last.set(lane, Math.max(n, last.get(lane) ?? -1));
  }
  return wrong;
}

/** What each endpoint never got. */
export function lostIn(
  requests: readonly Received[],
  accepted: ReadonlySet<string>,
  paths: readonly string[],
): string[] {
  const got = new Set(requests.map(nameOf));
  return paths.flatMap((path) => [...accepted].filter((id) => !got.has(`${path} ${id}`)).map((id) => `${path} ${id}`));
}
