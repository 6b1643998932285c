/** Clients: those that register themselves, and those whose ID is the URL of a metadata document. */
import { keyOfId } from "../../lib/id.ts";
import type { Services } from "../context.ts";
import {
  checkDocumentUrl,
  type ClientDescription,
  isDocumentUrl,
  nameOf,
  redirectUrisOf,
  refused,
} from "./document.ts";
import { OAuthError } from "./oauth-error.ts";
import { acceptsClient } from "./server.ts";

export interface Client extends ClientDescription {
  readonly id: string;
  /** Host of its metadata document, which vouches for the name; `null`: it registered itself, under any name. */
  readonly host: string | null;
}

/** The client with this ID. Throws an error for the person to read, because there is no address to redirect to. */
export async function findClient(
  { store, clientDocuments, rules }: Services,
  clientId: string,
  person: number,
): Promise<Client> {
  if (isDocumentUrl(clientId)) {
    checkDocumentUrl(clientId);
    return { id: clientId, host: new URL(clientId).host, ...(await clientDocuments.fetch(clientId, person)) };
  }
  if (!acceptsClient(rules, clientId)) {
    throw refused(
      "This server connects only clients with a metadata document (POSTHORN_MCP_OAUTH), and this one has registered itself.",
    );
  }
  const row = await store.db
    .selectFrom("oauth_client")
    .select(["public_id", "name", "redirect_uris_json"])
    .where("id", "=", keyOfId("client_", clientId) ?? -1)
    .where("public_id", "=", clientId)
    .executeTakeFirst();
  if (row === undefined) {
    throw refused(
      "This server does not know its client ID, which may have expired. Remove the server from the client, and add it again.",
    );
  }
  return {
    id: row.public_id,
    name: row.name,
    redirectUris: JSON.parse(row.redirect_uris_json) as string[],
    host: null,
  };
}

/** Clients that no person has approved yet, on the whole server. Each is a row that a stranger can create. */
const MAX_UNUSED = 1000;
const DEFAULT_NAME = "Unnamed client";

export interface Registration extends ClientDescription {
  readonly id: string;
  readonly createdAt: number;
}

/** Registers a client (RFC 7591). Beyond {@link MAX_UNUSED} the oldest unused ones are deleted. */
export async function registerClient(
  services: Services,
  metadata: Readonly<Record<string, unknown>>,
): Promise<Registration> {
  const { client_name: given, redirect_uris: uris } = metadata;
  const redirectUris = redirectUrisOf(uris, (why) => new OAuthError("invalid_redirect_uri", why));
  const name = (typeof given === "string" ? nameOf(given) : "") || DEFAULT_NAME;
  const { key, id } = services.ids.next("client_");
  const createdAt = services.now();
  await services.store.transaction(async ({ db }) => {
    await db
      .insertInto("oauth_client")
      .values({
        id: key,
        public_id: id,
        name,
        redirect_uris_json: JSON.stringify(redirectUris),
        created_at: createdAt,
        approved_at: null,
      })
      .execute();
    const kept = await db
      .selectFrom("oauth_client")
      .select("id")
      .where("approved_at", "is", null)
      .orderBy("id", "desc")
      .offset(MAX_UNUSED)
      .limit(1)
      .executeTakeFirst();
    if (kept === undefined) return;
    await db.deleteFrom("oauth_client").where("approved_at", "is", null).where("id", "<=", kept.id).execute();
  }, "oauth.register");
  return { id, name, redirectUris, createdAt };
}
