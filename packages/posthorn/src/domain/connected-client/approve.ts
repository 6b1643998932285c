/** The decision of a person about a client that asks for access. */
import { randomBytes } from "node:crypto";
import type { Tx } from "../../store/tx.ts";
import { hashToken } from "../auth/hash-token.ts";
import { type OutsideCall, type Services, write } from "../context.ts";
import { requirePerson } from "../user/user.ts";
import { OAuthError } from "./oauth-error.ts";
import { destinationOf, isLocal } from "./redirect.ts";
import { type AuthorizationRequest, codeRedirect, errorRedirect, readRequest } from "./request.ts";
import { mayWrite, READ_SCOPE, WRITE_SCOPE } from "./scope.ts";
import { resourceOf } from "./server.ts";

/** What the consent page shows. */
export interface Consent {
  readonly client: { readonly id: string; readonly name: string; readonly host: string | null };
  /** Host or scheme to which the browser goes with the decision. */
  readonly destination: string;
  /** Whether it is a program on the person's machine. */
  readonly isLocal: boolean;
  readonly organisation: { readonly id: string; readonly name: string };
  readonly asksToWrite: boolean;
  /** `server`: this server has no tools that write; `role`: the person may not write. */
  readonly write: "allowed" | "server" | "role";
  /** Where the browser goes without asking, because the request is refused; `null` if it is not. */
  readonly redirectTo: string | null;
}

export async function readConsent({
  ctx,
  input,
}: OutsideCall<{ readonly query: string }>): Promise<Consent | { readonly redirectTo: string }> {
  const { services, actor } = ctx;
  const read = await readRequest(ctx, input.query);
  if (read.kind === "refused") return { redirectTo: read.redirectTo };
  const { client, redirectUri, scopes } = read.request;
  const organisation = await services.store.db
    .selectFrom("organisation")
    .select(["public_id as id", "name"])
    .where("id", "=", actor.orgId)
    .executeTakeFirstOrThrow();
  return {
    client: { id: client.id, name: client.name, host: client.host },
    destination: destinationOf(redirectUri),
    isLocal: isLocal(redirectUri),
    organisation,
    asksToWrite: scopes.includes(WRITE_SCOPE),
    write: writeConsent(ctx),
    redirectTo: null,
  };
}

function writeConsent({ services, actor }: OutsideCall<unknown>["ctx"]): Consent["write"] {
  if (!services.rules.connectedClients.write) return "server";
  return actor.kind === "organisation" && mayWrite(actor) ? "allowed" : "role";
}

export interface Decision {
  readonly query: string;
  readonly approve: boolean;
  /** The person lets the client write. */
  readonly write: boolean;
}

/** An authorization code is exchanged at once. */
const CODE_MS = 60_000;

/** Returns where the browser goes: back to the client, with a code or an error. */
export async function decide({ ctx, input }: OutsideCall<Decision>): Promise<string> {
  const { services } = ctx;
  const read = await readRequest(ctx, input.query);
  if (read.kind === "refused") {
    ctx.audit?.unchanged();
    return read.redirectTo;
  }
  const { request } = read;
  if (!input.approve) {
    ctx.audit?.fact("client", request.client.name);
    ctx.audit?.fact("approved", false);
    return errorRedirect(services, request, new OAuthError("access_denied", "The user refused."));
  }
  const scope = input.write && writeConsent(ctx) === "allowed" ? `${READ_SCOPE} ${WRITE_SCOPE}` : READ_SCOPE;
  const code = `phx_${randomBytes(32).toString("base64url")}`;
  const { key, id } = services.ids.next("ses_");
  await write(ctx, async (tx) => {
    await insertSession(ctx, tx, { key, id, name: request.client.name });
    await insertConnection(services, tx, { key, request, scope, code });
    await tx.db
      .updateTable("oauth_client")
      .set({ approved_at: services.now() })
      .where("public_id", "=", request.client.id)
      .execute();
    ctx.audit?.created("connected-client", id, request.client.name);
    ctx.audit?.fact("scope", scope);
    ctx.audit?.fact("destination", destinationOf(request.redirectUri));
  });
  return codeRedirect(services, request, code);
}

interface NewSession {
  readonly key: number;
  readonly id: string;
  readonly name: string;
}

/**
 * The session of the connection. It has the limits of the session in which the person approves, and expires with the code unless the code is
 * exchanged.
 */
async function insertSession(
  { services, actor }: OutsideCall<unknown>["ctx"],
  { db }: Tx,
  { key, id, name }: NewSession,
): Promise<void> {
  const person = requirePerson(actor);
  const at = services.now();
  const own = await db
    .selectFrom("person_session")
    .select(["second_factor_at", "provider_id", "provider_subject", "ip"])
    .where("id", "=", person.sessionKey)
    .executeTakeFirst();
  await db
    .insertInto("person_session")
    .values({
      id: key,
      public_id: id,
      kind: "client",
      // Replaced when the code is exchanged. Until then, no token matches it.
      hash: hashToken(randomBytes(32).toString("base64url")),
      person_id: person.key,
      org_id: actor.orgId,
      created_at: at,
      last_used_at: at,
      expires_at: at + CODE_MS,
      second_factor_at: own?.second_factor_at ?? null,
      ip: own?.ip ?? "",
      user_agent: name,
      provider_id: own?.provider_id ?? null,
      provider_subject: own?.provider_subject ?? null,
      provider_session: null,
      id_token_sealed: null,
    })
    .execute();
}

interface NewConnection {
  readonly key: number;
  readonly request: AuthorizationRequest;
  readonly scope: string;
  readonly code: string;
}

async function insertConnection(
  { now, rules }: Services,
  { db }: Tx,
  { key, request, scope, code }: NewConnection,
): Promise<void> {
  await db
    .insertInto("connected_client")
    .values({
      id: key,
      client_id: request.client.id,
      name: request.client.name,
      redirect_uri: request.redirectUri,
      scope,
      resource: resourceOf(rules),
      code_hash: hashToken(code),
      code_challenge: request.codeChallenge,
      code_expires_at: now() + CODE_MS,
      connected_at: null,
      refresh_hash: null,
      access_hash: null,
      access_expires_at: null,
    })
    .execute();
}
