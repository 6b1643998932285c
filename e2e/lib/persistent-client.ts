/** A client that retries forever: it sends the same request again until it gets a final response. */
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

export interface PersistentRequest {
  readonly path: string;
  /** Headers in addition to the length of the body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A call of the API that can be repeated. */
export function apiCall(path: string, token: string, key: string, body: string): PersistentRequest {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key };
  return { path, headers, body };
}

export interface FinalResponse {
  readonly status: number;
  readonly text: string;
  /** How often the request was sent. */
  readonly tries: number;
}

const PAUSE_MS = 10;

export class PersistentClient implements Disposable {
  /** The current URL of the server; `null` while it is down. */
  readonly #url: () => string | null;
  readonly #agent: Agent;
  #ended = false;

  constructor(url: () => string | null, connections: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Resolves with any response below 500; throws only when the client is closed. */
  async post(wanted: PersistentRequest): Promise<FinalResponse> {
    for (let tries = 1; !this.#ended; tries++) {
      const response = await this.#once(wanted).catch(() => null);
      if (response !== null && response.status < 500) return { ...response, tries };
      await delay(PAUSE_MS);
    }
    throw new Error(`gave up on ${wanted.path}`);
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#agent.destroy();
  }

  #once({ path, headers: given, body }: PersistentRequest): Promise<{ status: number; text: string }> {
    const url = this.#url();
    if (url === null) return Promise.reject(new Error("the server is down"));
    const headers = { ...given, "content-length": Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const sent = request(`${url}${path}`, { method: "POST", agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() }));
        // An incomplete response does not count.
        response.on("error", reject);
        response.on("aborted", () => reject(new Error("the connection broke during the response")));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }
}
