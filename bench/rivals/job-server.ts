/** Common parts of the compared job queues: accept an event over HTTP, store it as a job, sign it, send it. */
import { createHmac, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { Pool } from "undici";

/** Attempts in flight, as with Posthorn's `POSTHORN_ENDPOINT_CONCURRENCY=64` in these benchmarks. */
export const CONCURRENCY = 64;
/** Attempts of a job; the delays between them double. */
export const ATTEMPTS = 8;
/** Delay before the second attempt. */
export const RETRY_MS = 1000;

export interface EventJob {
  readonly id: string;
  readonly body: string;
}

export interface Queue {
  /** Resolves once the job is stored. */
  readonly add: (job: EventJob) => Promise<void>;
  /** Waits until jobs in progress have ended, and closes the connections. */
  readonly close: () => Promise<void>;
}

const require = createRequire(import.meta.url);
const SECRET = Buffer.alloc(32, 7);

/**
 * Loads a package of this folder. Callers declare the part of its types that they use, because the packages are not installed when types are
 * checked.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the type; without it every call would need a cast.
export function rivalPackage<T>(name: string): T {
  return require(name) as T;
}

/** Sends events, signed as Standard Webhooks prescribes. */
export class Sender {
  readonly #pool: Pool;
  readonly #path: string;

  constructor(target: string) {
    const { origin, pathname } = new URL(target);
    this.#pool = new Pool(origin, { connections: CONCURRENCY, pipelining: 1 });
    this.#path = pathname;
  }

  /** Rejects unless the receiver accepted the event. */
  async send({ id, body }: EventJob): Promise<void> {
    const timestamp = Math.floor(Date.now() / 1000);
    const signature = createHmac("sha256", SECRET).update(`${id}.${timestamp}.${body}`).digest("base64");
    const { statusCode, body: response } = await this.#pool.request({
      method: "POST",
      path: this.#path,
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": `v1,${signature}`,
      },
      body,
    });
    await response.dump();
    if (statusCode < 200 || statusCode > 299) throw new Error(`The receiver responded with ${statusCode}`);
  }
}

/** Serves `POST` on a free port, and reports the port to the parent process. */
export function serve(queue: Queue): void {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const id = `msg_${randomUUID()}`;
      queue.add({ id, body: Buffer.concat(chunks).toString() }).then(
        () => respond(202, { id }),
        (error: unknown) => respond(503, { message: String(error) }),
      );
    });
    const respond = (status: number, body: object): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
  });
  server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as { port: number }).port }));
  const end = (): void => void queue.close().finally(() => process.exit(0));
  process.on("disconnect", end);
  process.on("SIGTERM", end);
}
