/** Keeps inbound webhooks and the pages of this server on separate origins, if the operator has configured one. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { authorityOf } from "../lib/authority.ts";
import { TOKEN_PATTERN } from "../domain/source/token.ts";
import { PosthornError } from "../lib/errors.ts";
import { addressRules } from "../ingest/addresses.ts";
import { discard } from "./connection.ts";
import type { HotRequest } from "./hot-route.ts";

export interface Origins {
  /** Such as `https://hooks.example.com`; if empty, inbound webhooks share the origin of the pages. */
  readonly ingestUrl: string;
  /** Addresses and networks whose `X-Forwarded-Host` is trusted. */
  readonly trustedProxies: readonly string[];
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Served on both origins, such as health checks. */
    readonly onBothOrigins?: boolean;
  }
}

/** Registers the check. Must precede every other hook and route. */
export function registerOrigins(
  app: FastifyInstance,
  { ingestUrl, trustedProxies }: Origins,
  respond: (reply: FastifyReply, error: PosthornError) => unknown,
): void {
  const isForIngest = ingestMatcher({ ingestUrl, trustedProxies });
  if (isForIngest === null) return;
  app.addHook("onRequest", (request, reply, done) => {
    const { config } = request.routeOptions;
    const isInbound = config.inbound === true;
    if (config.onBothOrigins === true || isForIngest(request.raw) === isInbound) return done();
    const error = isInbound ? wrongOrigin(ingestUrl, request) : notHere();
    void discard(request.raw).then(() => respond(reply, error));
  });
}

/**
 * Returns a function that checks whether a request targets the origin of inbound webhooks; `null` if there is no separate origin. An
 * unreadable host does not match.
 */
export function ingestMatcher({ ingestUrl, trustedProxies }: Origins): ((request: HotRequest) => boolean) | null {
  if (ingestUrl === "") return null;
  const ingest = new URL(ingestUrl);
  const trusts = addressRules(trustedProxies) ?? (() => false);
  const wanted = authorityOf(ingest.host, ingest.protocol);
  return ({ headers, url = "", socket }) => {
    const forwarded = headers["x-forwarded-host"];
    const host =
      forwarded !== undefined && trusts(socket.remoteAddress ?? "")
        ? // The nearest proxy appends to the end.
          String(forwarded).split(",").at(-1)!.trim()
        : // A target in absolute form overrides the Host header (RFC 9112, section 3.2.2).
          (/^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? headers.host ?? "");
    return authorityOf(host, ingest.protocol) === wanted;
  };
}

function wrongOrigin(ingestUrl: string, request: FastifyRequest): PosthornError {
  const { token = "" } = request.params as { readonly token?: string };
  const url = `${ingestUrl}/in/${TOKEN_PATTERN.test(token) ? token : "…"}`;
  return new PosthornError(
    "wrong_origin",
    `This host does not accept inbound webhooks (POSTHORN_INGEST_URL). Send this request to ${url}.`,
  );
}

function notHere(): PosthornError {
  return new PosthornError("not_found", "This host only accepts inbound webhooks, under /in/.");
}
