/** Organisations of a person: list, create, rename, and switch to another one. */
import { randomBytes } from "node:crypto";
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import type { Tx } from "../../store/tx.ts";
import type { Actor } from "../access.ts";
import { hasSecondFactor } from "../session/identity.ts";
import type { Role } from "../role.ts";
import { atomically, type Call, type Context, reader, write } from "../context.ts";
import { rolesOf, requirePerson, toUser } from "../user/user.ts";
import { insertMembership } from "../user/account.ts";
import { requireSessionFor } from "../user/identity/scope.ts";
import { refuseSharedOrigin } from "./ensure.ts";

export interface Organisation {
  readonly id: string;
  /** Empty: it has none. */
  readonly name: string;
  readonly createdAt: number;
  /** Whether the caller works in it now. */
  readonly isCurrent: boolean;
  /** Role of the caller in the whole organisation; `null`: only in single applications, or the caller is not a user. */
  readonly role: Role | null;
  /** Whether its users need a second factor. */
  readonly requiresSecondFactor: boolean;
}

/** The organisations that the caller is a member of, oldest first. Tokens and API keys have exactly one. */
export async function listOrganisations(ctx: Context): Promise<readonly Organisation[]> {
  const { actor } = ctx;
  const db = reader(ctx);
  const person = actor.kind === "organisation" && actor.caller.kind === "user" ? actor.caller.key : null;
  const rows = await db
    .selectFrom("organisation as o")
    .selectAll("o")
    .where((eb) =>
      person === null
        ? eb("o.id", "=", actor.orgId)
        : eb.exists(
            eb
              .selectFrom("membership as m")
              .select("m.id")
              .whereRef("m.org_id", "=", "o.id")
              .where("m.person_id", "=", person),
          ),
    )
    .orderBy("o.id")
    .limit(MAX_LISTED)
    .execute();
  return Promise.all(
    rows.map(async ({ id, public_id, name, created_at, requires_second_factor }) => ({
      id: public_id,
      name,
      createdAt: created_at,
      isCurrent: id === actor.orgId,
      role: person === null ? null : await roleIn(ctx, id, person),
      requiresSecondFactor: requires_second_factor === 1,
    })),
  );
}

const MAX_LISTED = 250;

async function roleIn(ctx: Context, orgId: number, personKey: number): Promise<Role | null> {
  const db = reader(ctx);
  const row = await db.selectFrom("person").selectAll().where("id", "=", personKey).executeTakeFirstOrThrow();
  return toUser(row, await rolesOf(db, orgId, [personKey])).role;
}

/** Creates an organisation with the caller as its owner. */
export function createOrganisation(call: Call<{ readonly name: string }>): Promise<Organisation> {
  return atomically(call, async ({ ctx, input }) => {
    const { services, tx, actor } = ctx;
    const person = requirePerson(actor);
    refuseSharedOrigin(services);
    await requireSessionFor(tx.db, person, null);
    const name = nameOf(input.name);
    const id = `org_${randomBytes(16).toString("hex")}`;
    const createdAt = services.now();
    const { id: orgId } = await tx.db
      .insertInto("organisation")
      .values({ public_id: id, created_at: createdAt, name })
      .returning("id")
      .executeTakeFirstOrThrow();
    await insertMembership(services, tx, { personKey: person.key, orgId, appKey: null, role: "owner" });
    return { id, name, createdAt, isCurrent: false, role: "owner", requiresSecondFactor: false };
  });
}

export interface OrganisationChange {
  readonly organisation: string;
  readonly name?: string | undefined;
  readonly requiresSecondFactor?: boolean | undefined;
}

/** Changes the organisation of the caller. New requirements for sessions apply to their next request, on all nodes within a second. */
export async function changeOrganisation({ ctx, input }: Call<OrganisationChange>): Promise<Organisation> {
  const { actor } = ctx;
  if (input.organisation !== actor.orgPublicId) throw notFound("organisation");
  const name = input.name === undefined ? undefined : nameOf(input.name);
  const { requiresSecondFactor } = input;
  await write(ctx, async (tx) => {
    const before = await tx.db
      .selectFrom("organisation")
      .select(["name", "requires_second_factor"])
      .where("id", "=", actor.orgId)
      .executeTakeFirstOrThrow();
    const required = requiresSecondFactor ?? before.requires_second_factor === 1;
    if (required && before.requires_second_factor === 0) await requireOwnSecondFactor(tx, actor);
    await tx.db
      .updateTable("organisation")
      .set({ name: name ?? before.name, requires_second_factor: required ? 1 : 0 })
      .where("id", "=", actor.orgId)
      .execute();
    ctx.audit?.changed(
      { name: before.name, requiresSecondFactor: before.requires_second_factor === 1 },
      { name: name ?? before.name, requiresSecondFactor: required },
    );
    tx.signal({ kind: "tokens" });
  });
  return (await listOrganisations(ctx)).find(({ isCurrent }) => isCurrent)!;
}

/** Throws unless the session of the user satisfies the requirement itself, so that they do not lock themselves out. */
async function requireOwnSecondFactor({ db }: Tx, actor: Actor): Promise<void> {
  if (actor.kind !== "organisation" || actor.caller.kind !== "user") return;
  if (await hasSecondFactor(db, actor.caller.sessionKey, actor.orgId)) return;
  throw new PosthornError(
    "second_factor_required",
    "Sign in with a second factor yourself first: set up one-time codes or a passkey in your profile.",
  );
}

function nameOf(text: string): string {
  const name = text.trim();
  if (name === "") throw invalid("name", "Enter a name.");
  return name;
}

/** Moves the session of the caller to another of their organisations. */
export function switchOrganisation(call: Call<{ readonly organisation: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { actor, tx } = ctx;
    const { key, sessionKey } = requirePerson(actor);
    const target = await tx.db
      .selectFrom("organisation as o")
      .innerJoin("membership as m", "m.org_id", "o.id")
      .select("o.id")
      .where("o.public_id", "=", input.organisation)
      .where("m.person_id", "=", key)
      .executeTakeFirst();
    if (target === undefined) throw notFound("organisation");
    await requireSessionFor(tx.db, { sessionKey }, target.id);
    const { numUpdatedRows } = await tx.db
      .updateTable("person_session")
      .set({ org_id: target.id })
      .where("id", "=", sessionKey)
      .where("person_id", "=", key)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw new PosthornError("conflict", "This session has ended. Sign in again.");
    tx.signal({ kind: "tokens" });
  });
}
