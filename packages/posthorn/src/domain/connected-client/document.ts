/**
 * Client ID metadata documents: the ID of a client is the HTTPS URL of a document that describes it
 * (draft-ietf-oauth-client-id-metadata-document).
 */
import { PosthornError } from "../../lib/errors.ts";
import { redirectProblem } from "./redirect.ts";

/** A client as it describes itself. */
export interface ClientDescription {
  readonly name: string;
  readonly redirectUris: readonly string[];
}

const MAX_URL_LENGTH = 500;
export const MAX_NAME_LENGTH = 100;
export const MAX_REDIRECT_URIS = 20;

/** Whether the ID is meant to be the URL of a document. */
export function isDocumentUrl(clientId: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(clientId);
}

/** Throws unless the URL can be the ID of a client. */
export function checkDocumentUrl(clientId: string): void {
  const url = URL.parse(clientId);
  const problem =
    clientId.length > MAX_URL_LENGTH
      ? `is longer than ${MAX_URL_LENGTH} characters`
      : url === null || url.href !== clientId
        ? "is not a URL in its normal form"
        : url.protocol !== "https:"
          ? "does not begin with https:"
          : url.pathname === "/"
            ? "has no path"
            : url.hash !== "" || clientId.includes("#")
              ? "has a fragment"
              : url.username !== "" || url.password !== ""
                ? "contains credentials"
                : null;
  if (problem !== null) throw refused(`Its client ID ${problem}.`);
}

/** The client that a document describes. Throws if the document is not about this client, or leaves out what is required. */
export function readDocument(clientId: string, text: string): ClientDescription {
  const document = parse(text);
  if (document === null) throw refused("The document at its client ID is not a JSON object.");
  const { client_id: id, client_name: name, redirect_uris: uris, token_endpoint_auth_method: method } = document;
  if (id !== clientId) throw refused("The document at its client ID names another client ID.");
  if (method !== undefined && method !== "none") {
    throw refused("The document at its client ID requires client authentication. This server has public clients only.");
  }
  if (typeof name !== "string" || name.trim() === "")
    throw refused("The document at its client ID has no client_name.");
  return {
    name: nameOf(name),
    redirectUris: redirectUrisOf(uris, (why) => refused(`The document at its client ID: ${why}`)),
  };
}

/** Name to show: without control and formatting characters, with which it could look like something else. */
export function nameOf(name: string): string {
  return name.replaceAll(/\p{C}/gu, "").trim().slice(0, MAX_NAME_LENGTH);
}

/** The redirect URIs of a client. Throws the error that `fail` returns for a problem. */
export function redirectUrisOf(uris: unknown, fail: (problem: string) => Error): readonly string[] {
  if (!Array.isArray(uris) || uris.length === 0) throw fail("redirect_uris is missing or empty.");
  if (uris.length > MAX_REDIRECT_URIS) throw fail(`redirect_uris has more than ${MAX_REDIRECT_URIS} entries.`);
  return uris.map((uri: unknown) => {
    const problem = typeof uri === "string" ? redirectProblem(uri) : "A redirect URI must be text.";
    if (problem !== null) throw fail(problem);
    return uri as string;
  });
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** The client cannot be identified: nothing may be sent to its redirect URI. */
export function refused(why: string): PosthornError {
  return new PosthornError("bad_request", `This client cannot be connected. ${why}`);
}
