/** Graphile Worker on PostgreSQL. Arguments: URL of the receiver, URL of the database. */
import { ATTEMPTS, CONCURRENCY, type EventJob, rivalPackage, Sender, serve } from "./job-server.ts";

interface GraphileWorker {
  run(options: object): Promise<{
    addJob(task: string, payload: EventJob, spec: object): Promise<unknown>;
    stop(): Promise<void>;
  }>;
  readonly Logger: new (factory: () => () => void) => object;
}

const [target, connectionString] = process.argv.slice(2) as [string, string];
const { run, Logger } = rivalPackage<GraphileWorker>("graphile-worker");
const sender = new Sender(target);

const runner = await run({
  logger: new Logger(() => () => undefined),
  preset: {
    worker: {
      connectionString,
      concurrentJobs: CONCURRENCY,
      maxPoolSize: 20,
      pollInterval: 500,
      // Its documentation recommends these three settings for many short jobs.
      localQueue: { size: CONCURRENCY + 1 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    },
  },
  noHandleSignals: true,
  taskList: { deliver: (payload: unknown) => sender.send(payload as EventJob) },
});

serve({
  add: async (job) => void (await runner.addJob("deliver", job, { maxAttempts: ATTEMPTS })),
  close: () => runner.stop(),
});
