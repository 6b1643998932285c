/** Identifies the caller of an MCP endpoint: by an API key or token, or by the access token of a client that a person connected. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Actor } from "../../domain/access.ts";
import type { Authenticator } from "../../domain/auth/authenticate.ts";
import {
  ACCESS_PREFIX,
  type ClientIdentity,
  identifyClient,
  identifyConnection,
} from "../../domain/connected-client/authenticate.ts";
import { READ_SCOPE, WRITE_SCOPE } from "../../domain/connected-client/scope.ts";
import { isConnectable } from "../../domain/connected-client/server.ts";
import type { Services } from "../../domain/context.ts";
import { PosthornError } from "../../lib/errors.ts";
import { challengeOf } from "../oauth/metadata.ts";
import { bearerToken } from "../session/caller.ts";
import { CODE, type Message, RpcError } from "./protocol.ts";

export interface McpIdentity {
  readonly actor: Actor;
  /** Scopes limits and idempotency keys. Of a connected client it is the same for all its tokens. */
  readonly secret: string;
  /** `null`: the caller has an API key or token. */
  readonly client: ClientIdentity | null;
}

interface IdentifyOptions {
  readonly services: Services;
  readonly authenticator: Pick<Authenticator, "identify">;
}

/** Throws `authentication_failed`. On the endpoint of the organisation, the response then leads clients to the authorization server. */
export async function identifyMcp(
  request: FastifyRequest,
  reply: FastifyReply,
  options: IdentifyOptions & { readonly app: string | null },
): Promise<McpIdentity> {
  const { authorization } = request.headers;
  try {
    return await identify(bearerToken(authorization), request.ip, options);
  } catch (error) {
    if (error instanceof PosthornError && error.status === 401) {
      const sent = authorization === undefined ? {} : ({ error: "invalid_token" } as const);
      const challenge =
        options.app === null
          ? challengeOf(options.services.rules, { ...sent, scope: READ_SCOPE })
          : 'Bearer realm="posthorn"';
      void reply.header("www-authenticate", challenge);
    }
    throw error;
  }
}

async function identify(
  secret: string,
  ip: string,
  { services, authenticator, app }: IdentifyOptions & { readonly app: string | null },
): Promise<McpIdentity> {
  // Access tokens are for the endpoint of the organisation. Elsewhere they are no tokens at all.
  if (secret.startsWith(ACCESS_PREFIX) && app === null && isConnectable(services.rules)) {
    const client = await identifyClient(services, secret);
    return { actor: client.actor, secret: `connected client ${client.id}`, client };
  }
  return { actor: (await authenticator.identify(secret, ip)).actor, secret, client: null };
}

/** Current state of the caller; `null` if its access has ended. */
export async function identifyAgain(
  { secret, client }: McpIdentity,
  { services, authenticator }: IdentifyOptions,
  ip: string,
): Promise<Actor | null> {
  if (client !== null) return (await identifyConnection(services, client))?.actor ?? null;
  return (await authenticator.identify(secret, ip).catch(() => null))?.actor ?? null;
}

const SUBSCRIPTIONS: ReadonlySet<string> = new Set(["events/subscribe", "events/unsubscribe"]);

/** Whether the request writes, and the person has not let this client write. Names of tools that write end in `_write`. */
export function lacksScope(client: ClientIdentity | null, { method, params }: Message): boolean {
  if (client === null || client.scopes.includes(WRITE_SCOPE)) return false;
  return SUBSCRIPTIONS.has(method) || (method === "tools/call" && String(params["name"]).endsWith("_write"));
}

export const NEEDS_WRITE = new RpcError(
  CODE.forbidden,
  `This needs the scope ${WRITE_SCOPE}, which the user has not granted. Ask the user to connect this client again, and to allow changes.`,
);

/** Asks the client to start a new authorization with the scope that it lacks (RFC 6750, section 3.1). */
export function challengeScope(reply: FastifyReply, rules: Services["rules"]): void {
  const scope = `${READ_SCOPE} ${WRITE_SCOPE}`;
  void reply.header("www-authenticate", challengeOf(rules, { error: "insufficient_scope", scope }));
}
