/** Metadata with which MCP clients find the authorization server, and the challenges that lead them to it. */
import { READ_SCOPE, WRITE_SCOPE } from "../../domain/connected-client/scope.ts";
import { isConnectable, isLoopbackName, resourceOf } from "../../domain/connected-client/server.ts";
import type { DomainRules } from "../../domain/rules.ts";

type Rules = Pick<DomainRules, "publicUrl" | "connectedClients">;

/** Of the MCP endpoint (RFC 9728), below the address of the server. */
export const RESOURCE_METADATA_PATH = "/.well-known/oauth-protected-resource/mcp";

export const OAUTH_PATHS = {
  /** Leads to a page of the dashboard. */
  authorize: "/oauth/authorize",
  token: "/oauth/token",
  register: "/oauth/register",
  revoke: "/oauth/revoke",
  keys: "/oauth/keys",
} as const;

/**
 * Protected resource metadata. Clients refuse a document about another address than the one that they call, so a server that listens on this
 * machine names the address of the request.
 *
 * @param origin Origin of the request.
 */
export function resourceMetadata(rules: Rules, origin: string): object {
  const own = new URL(resourceOf(rules));
  const asked = URL.parse(origin);
  const isAlias =
    asked !== null && isLoopbackName(asked.hostname) && isLoopbackName(own.hostname) && asked.port === own.port;
  return {
    resource: isAlias ? asked.origin + own.pathname : own.href,
    authorization_servers: [rules.publicUrl()],
    // What clients need to begin with. They ask for more when a tool needs it.
    scopes_supported: [READ_SCOPE],
    bearer_methods_supported: ["header"],
    resource_name: "Posthorn",
  };
}

/** Authorization server metadata (RFC 8414). */
export function serverMetadata({ publicUrl, connectedClients }: Rules): object {
  const issuer = publicUrl();
  return {
    issuer,
    authorization_endpoint: issuer + OAUTH_PATHS.authorize,
    token_endpoint: issuer + OAUTH_PATHS.token,
    revocation_endpoint: issuer + OAUTH_PATHS.revoke,
    ...(connectedClients.registration === "on" ? { registration_endpoint: issuer + OAUTH_PATHS.register } : {}),
    client_id_metadata_document_supported: true,
    scopes_supported: connectedClients.write ? [READ_SCOPE, WRITE_SCOPE] : [READ_SCOPE],
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    token_endpoint_auth_methods_supported: ["none"],
    revocation_endpoint_auth_methods_supported: ["none"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
  };
}

/**
 * The same at the address of OpenID Connect, which clients try next, and the only one that they find on a server below a path. Its schema
 * requires three more members. Posthorn issues no ID tokens.
 */
export function openIdMetadata(rules: Rules): object {
  return {
    ...serverMetadata(rules),
    jwks_uri: rules.publicUrl() + OAUTH_PATHS.keys,
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  };
}

export interface Challenge {
  /** `undefined`: no token was sent. */
  readonly error?: "invalid_token" | "insufficient_scope";
  readonly scope: string;
}

/** Value of `WWW-Authenticate` (RFC 6750, RFC 9728 section 5.1); without metadata if no client can be connected. */
export function challengeOf(rules: Rules, { error, scope }: Challenge): string {
  const realm = 'Bearer realm="posthorn"';
  const cause = error === undefined ? "" : `, error="${error}"`;
  if (!isConnectable(rules)) return realm + cause;
  return `${realm}${cause}, resource_metadata="${rules.publicUrl()}${RESOURCE_METADATA_PATH}", scope="${scope}"`;
}
