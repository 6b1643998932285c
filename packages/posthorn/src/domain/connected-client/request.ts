/** An authorization request: the query with which a client opens the consent page (OAuth 2.1 section 4.1.1). */
import { PosthornError } from "../../lib/errors.ts";
import type { OutsideContext, Services } from "../context.ts";
import { requirePerson } from "../user/user.ts";
import { type Client, findClient } from "./client.ts";
import { OAuthError } from "./oauth-error.ts";
import { isRegistered, withParameters } from "./redirect.ts";
import { type ClientScope, scopesOf } from "./scope.ts";
import { isConnectable, isResource } from "./server.ts";

export interface AuthorizationRequest {
  readonly client: Client;
  readonly redirectUri: string;
  readonly state: string | null;
  readonly codeChallenge: string;
  /** What the client asks for. The person decides. */
  readonly scopes: readonly ClientScope[];
}

/** A request that the person can decide, or the address to which its client is sent with an error. */
export type ReadRequest =
  | { readonly kind: "request"; readonly request: AuthorizationRequest }
  | { readonly kind: "refused"; readonly redirectTo: string };

/**
 * Reads the query. Throws an error for the person if the client or its redirect URI is not known: then nothing may be sent there, because
 * the link could be from anyone.
 */
export async function readRequest({ services, actor }: OutsideContext, query: string): Promise<ReadRequest> {
  if (!isConnectable(services.rules)) {
    throw new PosthornError(
      "not_supported",
      "This server connects no clients with OAuth (POSTHORN_MCP, POSTHORN_MCP_OAUTH).",
    );
  }
  const person = requirePerson(actor);
  const parameters = new URLSearchParams(query);
  const clientId = parameters.get("client_id");
  const redirectUri = parameters.get("redirect_uri");
  if (clientId === null || redirectUri === null || isRepeated(parameters, "client_id", "redirect_uri")) {
    throw new PosthornError(
      "bad_request",
      "The link of the client is incomplete: it needs one client_id and one redirect_uri.",
    );
  }
  const client = await findClient(services, clientId, person.key);
  if (!isRegistered(redirectUri, client.redirectUris)) {
    throw new PosthornError(
      "bad_request",
      "The link leads to an address that the client has not registered. Do not use it: someone may be trying to get access in the client's name.",
    );
  }
  const state = parameters.get("state");
  try {
    return { kind: "request", request: { client, redirectUri, state, ...checked(services, parameters) } };
  } catch (error) {
    if (error instanceof OAuthError)
      return { kind: "refused", redirectTo: errorRedirect(services, { redirectUri, state }, error) };
    throw error;
  }
}

/** S256 of a verifier: 32 bytes. */
const CHALLENGE = /^[\w-]{43}$/;

function checked(
  { rules }: Services,
  parameters: URLSearchParams,
): Pick<AuthorizationRequest, "codeChallenge" | "scopes"> {
  const required = (name: string): string => {
    const value = parameters.get(name);
    if (value === null) throw new OAuthError("invalid_request", `${name} is missing.`);
    return value;
  };
  if (isRepeated(parameters, ...parameters.keys())) throw new OAuthError("invalid_request", "A parameter is repeated.");
  if (required("response_type") !== "code")
    throw new OAuthError("unsupported_response_type", "The only response_type is code.");
  const codeChallenge = required("code_challenge");
  if (parameters.get("code_challenge_method") !== "S256" || !CHALLENGE.test(codeChallenge))
    throw new OAuthError("invalid_request", "PKCE with code_challenge_method S256 is required.");
  const resource = parameters.get("resource");
  if (resource === null || !isResource(rules, resource))
    throw new OAuthError("invalid_target", "resource must be the URL of the MCP endpoint of this server.");
  return { codeChallenge, scopes: scopesOf(parameters.get("scope") ?? "") };
}

function isRepeated(parameters: URLSearchParams, ...names: readonly string[]): boolean {
  return names.some((name) => parameters.getAll(name).length > 1);
}

type Answered = Pick<AuthorizationRequest, "redirectUri" | "state">;

/** Where the browser goes with a code. `iss` names this server (RFC 9207). */
export function codeRedirect({ rules }: Services, { redirectUri, state }: Answered, code: string): string {
  return withParameters(redirectUri, { code, state, iss: rules.publicUrl() });
}

/** Where the browser goes with an error. */
export function errorRedirect(
  { rules }: Services,
  { redirectUri, state }: Answered,
  { code, message }: OAuthError,
): string {
  return withParameters(redirectUri, { error: code, error_description: message, state, iss: rules.publicUrl() });
}
