/** Context that a browser sends with an attempt to sign in. */
import type { FastifyRequest } from "fastify";
import type { Attempt } from "../../domain/session/sign-in.ts";
import { browserCookie, sessionCookie } from "./cookies.ts";

export function attemptOf({
  request,
  publicUrl,
}: {
  readonly request: FastifyRequest;
  readonly publicUrl: string;
}): Attempt {
  return {
    ip: request.ip,
    userAgent: request.headers["user-agent"] ?? "",
    session: sessionCookie(request, publicUrl),
    browser: browserCookie(request, publicUrl),
  };
}
