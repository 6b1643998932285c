/** Constructs the background jobs of a node. */
import type { Cluster } from "../cluster/cluster.ts";
import type { Config } from "../config/config.ts";
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import { FeedWatch } from "../domain/feed/watch.ts";
import type { DispatchLoad } from "../domain/ports.ts";
import type { SettledKeys } from "../domain/stats/roll-up.ts";
import { type Logger, reporter } from "../lib/log.ts";
import { evaluateAlerts } from "../domain/alert/evaluate.ts";
import { evaluateCustomerAlerts } from "../domain/alert-recipient/evaluate.ts";
import { AlertMonitor } from "../workers/alert-monitor.ts";
import { BacklogMonitor } from "../workers/backlog-monitor.ts";
import { CertificateMonitor } from "../workers/certificate-monitor.ts";
import { EndpointHealthMonitor } from "../workers/endpoint-health-monitor.ts";
import { Maintenance } from "../workers/maintenance.ts";
import { OperationalWebhookPublisher } from "../workers/operational-webhook-publisher.ts";
import { OutboxRelay } from "../workers/outbox-relay.ts";
import { Statistics } from "../workers/statistics.ts";
import { SubscriptionManager } from "../workers/subscription-manager.ts";
import { TaskRunner } from "../workers/task-runner.ts";
import { WatchRunner } from "../workers/watch-runner.ts";
import { type Worker, Workers } from "../workers/worker.ts";
import { DAY_MS, retentionOf } from "./parts.ts";

/** Dependencies of the workers. */
export interface WorkerParts {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly cluster: Cluster;
  /** Available once the node is composed. */
  readonly services: () => Services;
}

/** Workers that observe attempts; they are disposed after the dispatcher. */
export function buildMonitors({ log, clock, services }: WorkerParts, stack: AsyncDisposableStack) {
  const report = reporter(log);
  const health = stack.use(
    new EndpointHealthMonitor({
      services,
      clock,
      onFailure: (error) => report(error, "the health of endpoints could not be saved; trying again"),
      onDisabled: (disabled) => log.warn(disabled, "endpoint disabled"),
    }),
  );
  const certificates = stack.use(
    new CertificateMonitor({
      services,
      clock,
      onFailure: (error) => report(error, "the certificates of endpoints could not be saved; trying again"),
    }),
  );
  return { health, certificates };
}

/** Workers that pass new deliveries to the dispatcher; they are disposed before it. */
export function buildPublishers(parts: WorkerParts, stack: AsyncDisposableStack) {
  const { config, log, clock, cluster, services } = parts;
  const report = reporter(log);
  const outbox = stack.use(
    new OutboxRelay({
      services,
      clock,
      onFailure: (error) => report(error, "the outbox could not be relayed; trying again"),
      // On SQLite this process is the only writer, so no notification can be missed.
      looks: config.database.kind === "postgres",
      onParked: (row) => log.warn(row, "an outbox row is not a valid message; it was set aside"),
    }),
  );
  const operational = stack.use(
    new OperationalWebhookPublisher({
      services,
      clock,
      leads: () => cluster.leads,
      onFailure: (error) => report(error, "operational webhooks could not be published; trying again"),
    }),
  );
  const tasks = stack.use(
    new TaskRunner({
      services,
      clock,
      owns: (taskKey) => cluster.owns(taskKey),
      onFailure: (taskKey, error) => report(error, "task failed", { taskKey }),
    }),
  );
  return { outbox, operational, tasks };
}

export interface StatisticsParts {
  readonly settled: () => Promise<SettledKeys>;
  readonly load: () => DispatchLoad;
}

export function buildStatistics({ log, clock, cluster, services }: WorkerParts, parts: StatisticsParts): Statistics {
  return new Statistics({
    ...parts,
    services,
    clock,
    leads: () => cluster.leads,
    onFailure: (error) => reporter(log)(error, "statistics could not be updated; trying again"),
  });
}

/** @param onStep Called after each step of a watch. */
export function buildWatches(
  { log, clock, cluster, services }: WorkerParts,
  onStep: ConstructorParameters<typeof WatchRunner>[0]["onStep"],
): WatchRunner {
  return new WatchRunner({
    services,
    clock,
    owns: (watchKey) => cluster.owns(watchKey),
    onStep,
    onFailure: (watchKey, error) => reporter(log)(error, "a watch could not be evaluated; trying again", { watchKey }),
  });
}

/** @param settled Returns the key up to which the messages of this node are settled. */
export function buildFeeds({ log, clock, services }: WorkerParts, settled: () => number): FeedWatch {
  return new FeedWatch({
    store: () => services().store,
    settled,
    clock,
    onFailure: (error) => reporter(log)(error, "new messages of feeds could not be looked up; trying again"),
  });
}

export function buildBacklogMonitor({ config, log, clock, services }: WorkerParts): BacklogMonitor {
  return new BacklogMonitor({
    services,
    clock,
    max: config.maxBacklog,
    onChange: ({ isOver, ...backlog }) => {
      if (!isOver) log.info(backlog, "the backlog is below the limit again");
      else if (config.maxBacklog > 0) log.warn(backlog, "the backlog limit is reached; publishing is refused");
      else log.warn(backlog, "the backlog is large: messages are published faster than this server can send them");
    },
    onFailure: (error) => reporter(log)(error, "the backlog could not be measured; trying again"),
  });
}

export function buildMaintenance({ config, log, clock, cluster, services }: WorkerParts): Maintenance {
  return new Maintenance({
    services,
    periods: retentionOf(config),
    auditMs: config.auditRetentionDays === 0 ? null : config.auditRetentionDays * DAY_MS,
    requestLogMs: config.requestLogDays * DAY_MS,
    clock,
    leads: () => cluster.leads,
    onFailure: (error) => reporter(log)(error, "maintenance failed"),
  });
}

/** Two workers, so that a slow mail server does not delay the alerts of operators. */
export function buildAlertMonitors({ log, clock, cluster, services }: WorkerParts): readonly AlertMonitor[] {
  const onFailure = (error: unknown): void => reporter(log)(error, "alerts could not be evaluated; trying again");
  const common = { services, clock, leads: () => cluster.leads, onFailure };
  return [
    new AlertMonitor({ ...common, name: "alerts", evaluate: evaluateAlerts }),
    new AlertMonitor({ ...common, name: "customer-alerts", evaluate: evaluateCustomerAlerts }),
  ];
}

export function buildSubscriptionManager({ log, clock, cluster, services }: WorkerParts): SubscriptionManager {
  return new SubscriptionManager({
    services,
    clock,
    leads: () => cluster.leads,
    onFailure: (error) => reporter(log)(error, "subscriptions could not be processed; trying again"),
  });
}

/** @param workers In the order in which they are called. */
export function joinWorkers(workers: readonly Worker[], log: Logger): Workers {
  return new Workers(workers, (error, failure) => reporter(log)(error, "a background job failed", failure));
}
