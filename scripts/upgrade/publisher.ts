/** Publishes messages without a pause, repeats requests without a response, and records the IDs of accepted messages. */
import { randomUUID } from "node:crypto";
import { eventually } from "@posthorn/testkit";

const LOOPS = 4;
const RETRY_MS = 50;
const APP = "upgrade";

export class Publisher implements AsyncDisposable {
  readonly ids: string[] = [];
  readonly #token: string;
  #urls: readonly string[];
  #running: Promise<unknown> | null = null;
  #isStopped = false;
  #turn = 0;

  constructor(token: string, url: string) {
    this.#token = token;
    this.#urls = [url];
  }

  async createEndpoints(urls: readonly string[]): Promise<void> {
    await this.#call("POST", "app", { name: "Upgrade", uid: APP });
    for (const url of urls) await this.#call("POST", `app/${APP}/endpoint`, { url });
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: LOOPS }, () => this.#publish()));
  }

  /** Resolves when this many messages have been accepted. */
  async accepted(count: number): Promise<void> {
    await eventually(() => {
      if (this.ids.length < count) throw new Error(`${this.ids.length} of ${count} messages were accepted`);
    });
  }

  useAlso(url: string): void {
    this.#urls = [...this.#urls, url];
  }

  useOnly(url: string): void {
    this.#urls = [url];
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** The accepted messages that the server does not have. */
  async missing(ids: readonly string[]): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const id of ids) if ((await this.#send("GET", `app/${APP}/msg/${id}`)).status !== 200) missing.push(id);
    return missing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #publish(): Promise<void> {
    while (!this.#isStopped) {
      const body = { eventType: "upgrade.tested", eventId: randomUUID(), payload: { n: this.ids.length } };
      const id = await this.#publishOne(body);
      if (id !== null) this.ids.push(id);
    }
  }

  /**
   * Repeats a message until it is accepted, like a publisher without a response. Returns `null` if it was stopped, or if the message had
   * already been stored without a response.
   */
  async #publishOne(body: object): Promise<string | null> {
    while (!this.#isStopped) {
      const response = await this.#send("POST", `app/${APP}/msg`, body).catch(() => null);
      if (response?.status === 202) return ((await response.json()) as { readonly id: string }).id;
      if (response !== null && response.status < 500) {
        const text = await response.text();
        if (response.status === 409) return null;
        throw new Error(`A message was rejected: ${response.status} ${text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    return null;
  }

  async #call(method: string, path: string, body: object): Promise<void> {
    const response = await this.#send(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }

  #send(method: string, path: string, body?: object): Promise<Response> {
    const url = this.#urls[this.#turn++ % this.#urls.length]!;
    return fetch(`${url}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
