/** Endpoints for cloud services on a running server, with helpers for tests. */
import assert from "node:assert/strict";
import { eventually, startServer, type TestServer } from "@posthorn/testkit";

interface Attempt {
  readonly id: string;
  readonly status: number;
  readonly response: string;
  readonly responseStatusCode: number;
}

/** Fast retries, over a longer time than a counterpart needs to restart. */
const RETRIES = Array.from({ length: 50 }, (_, index) => (index < 10 ? "0.5" : "2")).join(",");
let scenes = 0;

export function startCloudServer(env: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  return startServer({ env: { POSTHORN_RETRY_SCHEDULE: RETRIES, ...env } });
}

/** A separate application with one endpoint. */
export class CloudScene {
  readonly server: TestServer;
  readonly app = `cloud-${++scenes}`;
  endpointId = "";

  private constructor(server: TestServer) {
    this.server = server;
  }

  static async open(server: TestServer, kind: string, config: Readonly<Record<string, unknown>>): Promise<CloudScene> {
    const scene = new CloudScene(server);
    await scene.call("POST", "/app", { name: "Cloud", uid: scene.app });
    const endpoint = await scene.call("POST", `/app/${scene.app}/endpoint`, { kind, config });
    scene.endpointId = endpoint["id"] as string;
    // A test stops the counterpart on purpose.
    await scene.call("PATCH", `/app/${scene.app}/policy`, { breaker: { enabled: false } });
    return scene;
  }

  async call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.server.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.server.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${text}`);
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  /** Publishes a payload as it is written here. @returns The ID of the message. */
  async publish(payload: string, more = ""): Promise<string> {
    const response = await fetch(`${this.server.url}/api/v1/app/${this.app}/msg`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.server.token}`, "content-type": "application/json" },
      body: `{"eventType":"invoice.paid","payload":${payload}${more}}`,
    });
    assert.equal(response.status, 202);
    return ((await response.json()) as { readonly id: string }).id;
  }

  async resend(id: string): Promise<void> {
    await this.call("POST", `/app/${this.app}/msg/${id}/endpoint/${this.endpointId}/resend`, {});
  }

  async attempts(id: string): Promise<readonly Attempt[]> {
    const { data } = await this.call("GET", `/app/${this.app}/attempt/msg/${id}`);
    return data as readonly Attempt[];
  }

  /** Waits until there are this many successful attempts. */
  async delivered(id: string, times = 1): Promise<readonly Attempt[]> {
    return eventually(
      async () => {
        const attempts = await this.attempts(id);
        assert.equal(attempts.filter(({ status }) => status === 0).length, times);
        return attempts;
      },
      { timeoutMs: 60_000 },
    );
  }

  /** Statuses of the responses to all attempts at an endpoint. */
  async statuses(endpointId: string): Promise<readonly number[]> {
    const found: number[] = [];
    let iterator = "";
    for (;;) {
      const page = await this.call("GET", `/app/${this.app}/attempt/endpoint/${endpointId}?limit=250${iterator}`);
      found.push(...(page["data"] as readonly Attempt[]).map(({ responseStatusCode }) => responseStatusCode));
      if (page["done"] === true) return found;
      iterator = `&iterator=${page["iterator"] as string}`;
    }
  }
}
