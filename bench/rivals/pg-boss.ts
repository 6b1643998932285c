/** pg-boss on PostgreSQL. Arguments: URL of the receiver, URL of the database. */
import { ATTEMPTS, CONCURRENCY, type EventJob, RETRY_MS, rivalPackage, Sender, serve } from "./job-server.ts";

interface Job {
  readonly id: string;
  readonly data: EventJob;
}

interface JobResult {
  readonly id: string;
  readonly status: "completed" | "failed";
  readonly output?: object;
}

interface PgBoss {
  readonly PgBoss: new (options: object) => {
    start(): Promise<unknown>;
    stop(): Promise<void>;
    createQueue(name: string, options: object): Promise<void>;
    send(name: string, data: EventJob): Promise<string | null>;
    work(
      name: string,
      options: object,
      handler: (jobs: readonly Job[]) => Promise<readonly JobResult[]>,
    ): Promise<string>;
    on(event: "error", listener: (error: Error) => void): void;
  };
}

/** Each worker sends a batch and waits for the slowest response, so several take turns. */
const WORKERS = 4;

const [target, connectionString] = process.argv.slice(2) as [string, string];
const boss = new (rivalPackage<PgBoss>("pg-boss").PgBoss)({ connectionString, max: 20, useListenNotify: true });
boss.on("error", (error) => console.error(error.message));
await boss.start();
await boss.createQueue("events", {
  notify: true,
  retryLimit: ATTEMPTS - 1,
  retryDelay: RETRY_MS / 1000,
  retryBackoff: true,
});
const sender = new Sender(target);

async function deliver({ id, data }: Job): Promise<JobResult> {
  try {
    await sender.send(data);
    return { id, status: "completed" };
  } catch (error) {
    return { id, status: "failed", output: { message: String(error) } };
  }
}

const options = {
  batchSize: CONCURRENCY / WORKERS,
  localConcurrency: WORKERS,
  perJobResults: true,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
};
await boss.work("events", options, (jobs) => Promise.all(jobs.map(deliver)));

serve({ add: async (job) => void (await boss.send("events", job)), close: () => boss.stop() });
