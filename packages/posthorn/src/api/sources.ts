/** Source addresses of deliveries, for the firewalls of receivers: served without a token. */
import type { FastifyInstance } from "fastify";
import { PosthornError } from "../lib/errors.ts";

export function registerSources(app: FastifyInstance, sources: object | null): void {
  app.get("/.well-known/webhook-sources.json", { schema: { hide: true } }, (_request, answer) => {
    // An empty list would read as "from nowhere", and a firewall made from it would let nothing in.
    if (sources === null) {
      throw new PosthornError(
        "not_found",
        "This server does not say where deliveries come from (POSTHORN_SOURCE_ADDRESSES).",
      );
    }
    // As bytes, like every answer: to a text Fastify adds a charset.
    return answer.header("content-type", "application/json").send(Buffer.from(JSON.stringify(sources)));
  });
}
