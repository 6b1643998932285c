/** BullMQ on Redis. Arguments: URL of the receiver, URL of Redis. */
import { ATTEMPTS, CONCURRENCY, type EventJob, RETRY_MS, rivalPackage, Sender, serve } from "./job-server.ts";

interface BullMq {
  readonly Queue: new (
    name: string,
    options: object,
  ) => { add(name: string, data: EventJob): Promise<unknown>; close(): Promise<void> };
  readonly Worker: new (
    name: string,
    process: (job: { readonly data: EventJob }) => Promise<void>,
    options: object,
  ) => { close(): Promise<void> };
}

const [target, redisUrl] = process.argv.slice(2) as [string, string];
const { Queue, Worker } = rivalPackage<BullMq>("bullmq");
const { hostname: host, port, password } = new URL(redisUrl);
const connection = { host, port: Number(port), password };
const sender = new Sender(target);

const queue = new Queue("events", {
  connection,
  defaultJobOptions: {
    attempts: ATTEMPTS,
    backoff: { type: "exponential", delay: RETRY_MS },
    // A finished job is kept as Posthorn keeps an attempt, up to a number that Redis can hold in memory.
    removeOnComplete: { count: 10_000 },
  },
});
const worker = new Worker("events", ({ data }) => sender.send(data), { connection, concurrency: CONCURRENCY });

serve({
  add: async (job) => void (await queue.add("deliver", job)),
  close: async () => {
    await worker.close();
    await queue.close();
  },
});
