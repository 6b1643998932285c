/** Serves the source addresses of deliveries, for firewalls of receivers. Requires no token. */
import type { FastifyInstance } from "fastify";
import { PosthornError } from "../lib/errors.ts";

export function registerSources(app: FastifyInstance, sources: object | null): void {
  app.get("/.well-known/webhook-sources.json", (_request, response) => {
    // An empty list would mean "no addresses", and a firewall that uses it would block everything.
    if (sources === null) {
      throw new PosthornError(
        "not_found",
        "This server does not say where deliveries come from (POSTHORN_SOURCE_ADDRESSES).",
      );
    }
    // Sent as bytes, like every response, because Fastify adds a charset to strings.
    return response.header("content-type", "application/json").send(Buffer.from(JSON.stringify(sources)));
  });
}
