import type { FastifyReply } from "fastify";
import type { Services } from "../domain/context.ts";
import { INERT } from "./inert.ts";

/** Redirects a browser to a path of this server, and to no other. Caches do not keep it, since the path or a cookie can contain a secret. */
export function redirect(response: FastifyReply, { rules }: Pick<Services, "rules">, path: string): FastifyReply {
  return response
    .code(303)
    .headers({
      ...INERT,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      location: rules.publicUrl() + path,
    })
    .send();
}
