/** Entries of people who act before they are signed in, and of the sessions that they start. */
import type { Tx } from "../../store/tx.ts";
import type { TransactionServices } from "../context.ts";
import { appendEntry } from "./append.ts";
import type { AuditActor, AuditTarget, AuditValue } from "./entry.ts";

export interface PersonAction {
  readonly orgId: number;
  readonly action:
    | "connected-client.disconnect"
    | "connected-client.reuse"
    | "session.sign-out"
    | "session.start"
    | "user.accept-invitation"
    | "user.connect-provider"
    | "user.create-by-provider"
    | "user.request-reset"
    | "user.reset-password"
    | "user.set-roles-by-provider"
    | "user.set-up";
  /** `null`: the developer who followed the link of `npm start`. */
  readonly personKey: number | null;
  /** Absent: the person. */
  readonly target?: AuditTarget;
  readonly facts?: Readonly<Record<string, AuditValue>>;
  readonly client: { readonly ip: string; readonly userAgent: string };
}

/** Appends the entry in the transaction of the action. */
export async function recordPersonAction(
  services: Pick<TransactionServices, "auditSigner" | "now" | "operational">,
  tx: Tx,
  { orgId, action, personKey, target, facts, client }: PersonAction,
): Promise<void> {
  const { public_id: orgPublicId } = await tx.db
    .selectFrom("organisation")
    .select("public_id")
    .where("id", "=", orgId)
    .executeTakeFirstOrThrow();
  const actor = await actorOf(tx, personKey);
  await appendEntry(
    services,
    tx,
    { orgId, orgPublicId },
    {
      type: "change",
      action,
      actor,
      target: target ?? { kind: "user", id: actor.id, name: actor.name },
      application: null,
      detail: facts === undefined ? {} : { facts },
      ip: client.ip,
      userAgent: client.userAgent,
    },
  );
}

async function actorOf({ db }: Tx, personKey: number | null): Promise<AuditActor> {
  if (personKey === null) return { kind: "anonymous", id: null, name: null };
  const { public_id: id, email: name } = await db
    .selectFrom("person")
    .select(["public_id", "email"])
    .where("id", "=", personKey)
    .executeTakeFirstOrThrow();
  return { kind: "user", id, name };
}
