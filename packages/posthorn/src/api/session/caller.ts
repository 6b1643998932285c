/** Identifies the caller of a request: by the token in the `Authorization` header, or by the session cookie. */
import type { FastifyRequest } from "fastify";
import type { Authenticator } from "../../domain/auth/authenticate.ts";
import type { Identity } from "../../domain/auth/token-lookup.ts";
import { PosthornError } from "../../lib/errors.ts";
import { requireOwnPage, sessionCookie } from "./cookies.ts";

export interface IdentifiedCaller extends Identity {
  /** Scopes idempotency keys. */
  readonly secret: string;
  /** The response must not be kept by caches: the request has no `Authorization` header that would keep them from it. */
  readonly byCookie: boolean;
}

export interface CallerOptions {
  readonly authenticator: Pick<Authenticator, "identify" | "identifySession">;
  readonly publicUrl: () => string;
}

/** Throws `authentication_failed`, or `cross_origin` for a cookie that another origin made the browser send. */
export async function identifyCaller(
  request: FastifyRequest,
  { authenticator, publicUrl }: CallerOptions,
): Promise<IdentifiedCaller> {
  const { authorization } = request.headers;
  const cookie = authorization === undefined ? sessionCookie(request, publicUrl()) : null;
  if (cookie === null) {
    const secret = bearerToken(authorization);
    return { ...(await authenticator.identify(secret, request.ip)), secret, byCookie: false };
  }
  requireOwnPage(request, publicUrl());
  return { ...(await authenticator.identifySession(cookie)), secret: cookie, byCookie: true };
}

/**
 * Identifies the reader of a static page. Unlike a request to the API, it may come from a link on another origin, since it returns nothing
 * that depends on the caller.
 */
export async function identifyReader(
  request: FastifyRequest,
  { authenticator, publicUrl }: CallerOptions,
): Promise<Identity> {
  const { authorization } = request.headers;
  const cookie = authorization === undefined ? sessionCookie(request, publicUrl()) : null;
  return cookie === null
    ? authenticator.identify(bearerToken(authorization), request.ip)
    : authenticator.identifySession(cookie);
}

/**
 * Returns the token of the `Authorization` header. The Terraform provider of the compatible API appends `|` and the name of an
 * environment. Tokens never contain that character and Posthorn has no environments, so the suffix is ignored.
 */
export function bearerToken(authorization = ""): string {
  const match = /^bearer +([^\s|]+)(?:\|\S*)? *$/i.exec(authorization);
  if (match !== null) return match[1]!;
  throw new PosthornError(
    "authentication_failed",
    "Send the header `Authorization: Bearer <token>`. `posthorn token` creates a token.",
  );
}
