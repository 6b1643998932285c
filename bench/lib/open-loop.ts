/** Publishes events at a fixed rate, without waiting for earlier responses, and receives them. */
import { createServer, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";

const FILLER = "x".repeat(900);
const CONNECTIONS = 64;
const WAIT_MS = 60_000;

/** Milliseconds of each event, from the time it was due to be published. */
export interface Latencies {
  /** Until the response to the publish. */
  readonly published: readonly number[];
  /** Until the receiver had the event. */
  readonly received: readonly number[];
}

export interface OpenLoopJob {
  readonly origin: string;
  readonly path: string;
  readonly token: string;
  /** Events per second; `null`: as many as are accepted, over `CONNECTIONS` connections. */
  readonly rate: number | null;
  readonly count: number;
}

export class OpenLoop implements AsyncDisposable {
  readonly #receiver: Server;
  readonly #dueAt: number[] = [];
  readonly #received: number[] = [];
  #arrived = 0;

  private constructor() {
    this.#receiver = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        // Posthorn sends the payload, the others the whole body.
        const body = JSON.parse(Buffer.concat(parts).toString()) as { n?: number; payload?: { n: number } };
        const n = body.n ?? body.payload!.n;
        this.#received[n] ??= performance.now() - this.#dueAt[n]!;
        this.#arrived++;
        response.end();
      });
    });
    this.#receiver.keepAliveTimeout = WAIT_MS;
  }

  static async start(): Promise<OpenLoop> {
    const loop = new OpenLoop();
    await new Promise<void>((resolve) => loop.#receiver.listen(0, "127.0.0.1", resolve));
    return loop;
  }

  /** URL of the receiver. */
  get url(): string {
    return `http://127.0.0.1:${(this.#receiver.address() as { port: number }).port}/`;
  }

  /** Publishes `count` events and waits until all were received. */
  async publish({ origin, path, token, rate, count }: OpenLoopJob): Promise<Latencies> {
    const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const first = this.#dueAt.length;
    const expected = this.#arrived + count;
    const published: number[] = [];
    const publish = async (n: number): Promise<void> => {
      const body = JSON.stringify({ eventType: "bench.sent", payload: { n, filler: FILLER } });
      const response = await pool.request({ method: "POST", path, headers, body });
      await response.body.dump();
      if (response.statusCode >= 300) throw new Error(`A publish request got the status ${response.statusCode}`);
      published.push(performance.now() - this.#dueAt[n]!);
    };
    if (rate === null) {
      let next = 0;
      const keepPublishing = async (): Promise<void> => {
        while (next < count) {
          const n = first + next++;
          this.#dueAt[n] = performance.now();
          await publish(n);
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, keepPublishing));
    } else {
      const publishing: Promise<void>[] = [];
      const begun = performance.now();
      for (let index = 0; index < count; index++) {
        const at = begun + (index * 1000) / rate;
        const wait = at - performance.now();
        if (wait > 0) await delay(wait);
        this.#dueAt[first + index] = at;
        publishing.push(publish(first + index));
      }
      await Promise.all(publishing);
    }
    for (const until = performance.now() + WAIT_MS; this.#arrived < expected; await delay(5)) {
      if (performance.now() > until) throw new Error(`${expected - this.#arrived} events were not received`);
    }
    await pool.close();
    return { published, received: this.#received.slice(first, first + count) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#receiver.closeAllConnections();
    await new Promise((resolve) => this.#receiver.close(resolve));
  }
}
