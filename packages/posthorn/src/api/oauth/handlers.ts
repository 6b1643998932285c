/** Handlers of registration, tokens and revocation, loaded with the first request of a client. */
import { registerClient } from "../../domain/connected-client/client.ts";
import { revokeToken } from "../../domain/connected-client/end.ts";
import { OAuthError, type OAuthErrorCode } from "../../domain/connected-client/oauth-error.ts";
import { exchangeCode, type IssuedTokens, refreshTokens } from "../../domain/connected-client/tokens.ts";
import { ok, reply, type Reply } from "../reply.ts";
import type { OAuthCall } from "./register.ts";

const MAX_PARAMETER_LENGTH = 2000;

/** A text parameter; `null`: it was not sent. */
function optional({ body }: OAuthCall, name: string): string | null {
  const value = body[name];
  if (value === undefined || value === "") return null;
  if (typeof value === "string" && value.length <= MAX_PARAMETER_LENGTH) return value;
  throw new OAuthError("invalid_request", `${name} must be text of at most ${MAX_PARAMETER_LENGTH} characters.`);
}

function required(call: OAuthCall, name: string): string {
  const value = optional(call, name);
  if (value === null) throw new OAuthError("invalid_request", `${name} is missing.`);
  return value;
}

/** Token request (OAuth 2.1 section 3.2). */
export async function token(call: OAuthCall): Promise<Reply> {
  const grantType = required(call, "grant_type");
  if (grantType === "authorization_code") return tokens(await fromCode(call));
  if (grantType === "refresh_token") return tokens(await fromRefreshToken(call));
  throw new OAuthError("unsupported_grant_type", "grant_type must be authorization_code or refresh_token.");
}

function fromCode(call: OAuthCall): Promise<IssuedTokens> {
  const input = {
    code: required(call, "code"),
    clientId: required(call, "client_id"),
    verifier: required(call, "code_verifier"),
    redirectUri: optional(call, "redirect_uri"),
    resource: optional(call, "resource"),
  };
  return exchangeCode(call.services, input, call);
}

function fromRefreshToken(call: OAuthCall): Promise<IssuedTokens> {
  const input = {
    refreshToken: required(call, "refresh_token"),
    clientId: required(call, "client_id"),
    resource: optional(call, "resource"),
    scope: optional(call, "scope"),
  };
  return refreshTokens(call.services, input, call);
}

function tokens({ accessToken, refreshToken, expiresInSeconds, scope }: IssuedTokens): Reply {
  return ok({
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: expiresInSeconds,
    refresh_token: refreshToken,
    scope,
  });
}

/** Revocation of an access or refresh token (RFC 7009), which ends the connection. Unknown tokens are no error. */
export async function revoke(call: OAuthCall): Promise<Reply> {
  await revokeToken(call.services, required(call, "token"), call);
  return ok({});
}

/** Dynamic client registration (RFC 7591). Every client is public, regardless of what it asks for. */
export async function register(call: OAuthCall): Promise<Reply> {
  const { services, body } = call;
  if (services.rules.connectedClients.registration !== "on") {
    throw new OAuthError(
      "invalid_request",
      "Clients cannot register themselves at this server (POSTHORN_MCP_OAUTH). Use a client with a metadata document.",
    );
  }
  const { id, name, redirectUris, createdAt } = await registerClient(services, body);
  return reply(201, {
    client_id: id,
    client_id_issued_at: Math.floor(createdAt / 1000),
    client_name: name,
    redirect_uris: redirectUris,
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  });
}

export function tooManyRequests(): Reply {
  return errorReply(429, "temporarily_unavailable", "Too many requests. Try again in a minute.");
}

/** The response to a request that failed. Errors of the server itself are thrown again. */
export function failed(error: unknown): Reply {
  if (error instanceof OAuthError) return errorReply(400, error.code, error.message);
  throw error;
}

function errorReply(status: number, error: OAuthErrorCode, description: string): Reply {
  return reply(status, { error, error_description: description });
}
