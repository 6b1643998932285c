/** Health checks for load balancers, orchestrators and people. */
import type { Services } from "../domain/context.ts";
import { PosthornError } from "../lib/errors.ts";
import { describeOutage } from "../store/errors.ts";
import { errorReply } from "./error-reply.ts";
import { noContent, ok, type Reply, reply } from "./reply.ts";
import type { FastifyInstance } from "fastify";
import { send } from "./send.ts";

type HealthServices = Pick<Services, "store" | "cluster" | "pause" | "threads">;

const PAUSED = {
  deliveries: "paused",
  detail: "The database was restored from a backup. Messages are accepted; `posthorn resume` starts deliveries.",
} as const;

const NO_MEMBERSHIP =
  "This node cannot report to its cluster and does not accept messages until it can. Try again later.";

const MAIN_SILENT = {
  code: "internal_error",
  detail: "The main thread of this process has not responded for a minute. Restart the process.",
  reason: "main_thread_hangs",
} as const;

/** Whether the process can continue. The main thread restarts the other threads, so they are no reason to restart the process. */
export function liveness({ threads }: Pick<Services, "threads">): Reply {
  return threads?.isMainSilent === true ? reply(503, MAIN_SILENT) : noContent();
}

/** Whether the process accepts publishes. Uses only known state, so that a probe never waits for a query or for another thread. */
export function readiness({ store, cluster, pause, threads }: HealthServices): Reply {
  if (threads?.isMainSilent === true) return reply(503, MAIN_SILENT);
  const { outage, writeRefusal } = store;
  if (outage === null && writeRefusal !== null) {
    store.testWrites();
    return errorReply(writeRefusal)!;
  }
  if (outage !== null) {
    const detail = `The database ${describeOutage(outage)}.`;
    return reply(503, { code: "storage_unavailable", detail, reason: outage });
  }
  if (!cluster.holdsSlot) {
    return reply(503, { code: "storage_unavailable", detail: NO_MEMBERSHIP, reason: "lease_over" });
  }
  // Ready nevertheless: publishers must be able to store messages, and people must be able to resume deliveries through the load balancer. If
  // one thread does not accept requests, the others do, and there may be no other process.
  const problems = threads?.problems ?? [];
  if (pause.current === null && problems.length === 0) return noContent();
  return ok({ ...(pause.current === null ? {} : PAUSED), ...(problems.length === 0 ? {} : { threads: problems }) });
}

export function registerHealth(app: FastifyInstance, services: HealthServices): void {
  const { store, cluster } = services;
  const config = { onBothOrigins: true };
  app.get("/health/live", { config }, (_request, response) => send(response, liveness(services)));
  app.get("/health/ready", { config }, (_request, response) => send(response, readiness(services)));
  for (const url of ["/health", "/health/ping", "/api/v1/health", "/api/v1/health/ping"]) {
    app.route({
      method: "GET",
      url,
      ...(url === "/api/v1/health" ? {} : { config }),
      handler: async (_request, response) => {
        await store.ping();
        if (!cluster.holdsSlot) throw new PosthornError("storage_unavailable", NO_MEMBERSHIP);
        return send(response, noContent());
      },
    });
  }
}
