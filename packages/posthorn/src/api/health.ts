/** Health checks for load balancers, orchestrators and people. */
import type { Services } from "../domain/context.ts";
import { PosthornError } from "../lib/errors.ts";
import { describeOutage } from "../store/errors.ts";
import { errorReply } from "./error-reply.ts";
import { noContent, ok, reply } from "./reply.ts";
import type { FastifyInstance } from "fastify";
import { send } from "./send.ts";

const PAUSED = {
  deliveries: "paused",
  detail: "The database was restored from a backup. Messages are accepted; `posthorn resume` starts deliveries.",
} as const;

const NO_MEMBERSHIP =
  "This node cannot report to its cluster and does not accept messages until it can. Try again later.";

export function registerHealth(app: FastifyInstance, services: Pick<Services, "store" | "cluster" | "pause">): void {
  const { store, cluster, pause } = services;
  const config = { onBothOrigins: true };
  app.get("/health/live", { config }, (_request, response) => send(response, noContent()));
  app.get("/health/ready", { config }, async (_request, response) => {
    // Uses the known state of the store, so that a probe never waits for a query.
    const { outage, writeRefusal } = store;
    if (outage === null && writeRefusal !== null) {
      store.testWrites();
      return send(response, errorReply(writeRefusal)!);
    }
    if (outage === null && cluster.holdsSlot) {
      // Ready nevertheless: publishers must be able to store messages, and a load balancer must reach the button that resumes.
      return send(response, pause.current === null ? noContent() : ok(PAUSED));
    }
    const [detail, reason] =
      outage === null ? [NO_MEMBERSHIP, "lease_over"] : [`The database ${describeOutage(outage)}.`, outage];
    return send(response, reply(503, { code: "storage_unavailable", detail, reason }));
  });
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
