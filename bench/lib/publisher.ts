/** Sends events as fast as they are accepted, over a fixed number of connections, for a fixed time. */
import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";

/** Published with an API token, or sent like GitHub, signed with the secret of the webhook. */
export type Requests =
  | {
      readonly kind: "publish";
      /** Size of the payload in bytes; 1 KiB by default. */
      readonly bytes?: number;
      /** Number of ordering keys, used in turn; absent: events have none. */
      readonly orderingKeys?: number;
    }
  | { readonly kind: "github"; readonly secret: string };

export interface Job {
  readonly origin: string;
  /** Used in turn. */
  readonly paths: readonly string[];
  readonly token: string;
  readonly requests: Requests;
  readonly connections: number;
  readonly seconds: number;
  /** Events per second. Without it, as many as are accepted. */
  readonly rate?: number;
}

export interface Published {
  readonly accepted: number;
  readonly refused: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
}

interface Prepared {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Bytes of a payload and of the object around it, without the filler. */
const REST_BYTES = 124;
const PAYLOAD_BYTES = 1024;
/** Of events signed like GitHub's. */
const FILLER = "x".repeat(PAYLOAD_BYTES - REST_BYTES);

process.on("message", (job: Job) => {
  void run(job).then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit(0));

async function run(job: Job): Promise<Published> {
  const pool = new Pool(job.origin, { connections: job.connections, pipelining: 1 });
  const started = performance.now();
  const until = started + job.seconds * 1000;
  const latencies: number[] = [];
  let accepted = 0;
  let refused = 0;
  let sequence = 0;
  const prepare = job.requests.kind === "publish" ? publishing(job.token, job.requests) : asGitHub(job.requests.secret);
  const publish = async (): Promise<void> => {
    while (performance.now() < until) {
      const number = sequence++;
      if (job.rate !== undefined && !(await turn(started + (number * 1000) / job.rate, until))) return;
      const at = performance.now();
      const path = job.paths[number % job.paths.length]!;
      const { statusCode, body } = await pool.request({ method: "POST", path, ...prepare(number) });
      await body.dump();
      latencies.push(performance.now() - at);
      if (statusCode >= 200 && statusCode < 300) accepted++;
      else refused++;
    }
  };
  await Promise.all(Array.from({ length: job.connections }, publish));
  const seconds = (performance.now() - started) / 1000;
  await pool.close();
  latencies.sort((a, b) => a - b);
  const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? 0;
  return { accepted, refused, seconds, p50: at(0.5), p99: at(0.99) };
}

/** Waits until the time of an event. Returns false when the run ends before. */
async function turn(at: number, until: number): Promise<boolean> {
  if (at >= until) return false;
  const wait = at - performance.now();
  if (wait > 0) await delay(wait);
  return true;
}

function publishing(
  token: string,
  { bytes = PAYLOAD_BYTES, orderingKeys }: Extract<Requests, { kind: "publish" }>,
): (sequence: number) => Prepared {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const filler = "x".repeat(Math.max(0, bytes - REST_BYTES));
  return (sequence) => {
    const order = orderingKeys === undefined ? {} : { orderingKey: `key-${sequence % orderingKeys}` };
    return { headers, body: JSON.stringify({ eventType: "bench.sent", payload: { sequence, filler }, ...order }) };
  };
}

/** One body signed once, so that only the server spends CPU time on signatures. Each request is another delivery. */
function asGitHub(secret: string): (sequence: number) => Prepared {
  const body = JSON.stringify({ action: "opened", issue: { number: 1 }, filler: FILLER });
  const series = `${process.pid}-${Date.now()}`;
  const headers = {
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/044aadd",
    "x-github-event": "issues",
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  };
  return (sequence) => ({ headers: { ...headers, "x-github-delivery": `${series}-${sequence}` }, body });
}
