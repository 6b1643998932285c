/** Publishes 1 KiB events as fast as they are taken, over a fixed number of connections, for a fixed time. */
import { Pool } from "undici";

interface Job {
  readonly origin: string;
  readonly path: string;
  readonly token: string;
  readonly connections: number;
  readonly seconds: number;
}

const FILLER = "x".repeat(900);

process.on("message", (job: Job) => {
  void run(job).then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit(0));

async function run(
  job: Job,
): Promise<{ accepted: number; refused: number; seconds: number; p50: number; p99: number }> {
  const pool = new Pool(job.origin, { connections: job.connections, pipelining: 1 });
  const started = performance.now();
  const until = started + job.seconds * 1000;
  const latencies: number[] = [];
  let accepted = 0;
  let refused = 0;
  let sequence = 0;
  const publish = async (): Promise<void> => {
    while (performance.now() < until) {
      const at = performance.now();
      const { statusCode, body } = await pool.request({
        method: "POST",
        path: job.path,
        headers: { "content-type": "application/json", authorization: `Bearer ${job.token}` },
        body: JSON.stringify({ eventType: "bench.sent", payload: { sequence: sequence++, filler: FILLER } }),
      });
      await body.dump();
      latencies.push(performance.now() - at);
      if (statusCode === 202) accepted++;
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
