/** The audit entry of one call. */
import type { Tx } from "../../store/tx.ts";
import type { AuditType } from "../../store/audit-schema.ts";
import type { Actor } from "../access.ts";
import type { CallAudit, Services, TransactionServices } from "../context.ts";
import { appendEntry } from "./append.ts";
import { auditActorOf } from "./actor.ts";
import { changedFields } from "./changes.ts";
import type { AuditFieldChange, AuditTarget, AuditValue } from "./entry.ts";

export interface AuditedCall {
  readonly type: AuditType;
  /** Id of the operation. */
  readonly action: string;
  readonly actor: Actor;
  readonly target: AuditTarget | null;
  /** Names of the fields in the request body. */
  readonly fields: readonly string[];
  /** The other resources in the path. */
  readonly facts: Readonly<Record<string, AuditValue>>;
  /** The person who runs the calling command, as the command reports it; `null` if the call does not come from a command. */
  readonly operator: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** Kinds that are created as another kind. */
const CREATES: Readonly<Record<string, string>> = { destination: "endpoint" };

/**
 * Collects what one call changes or shows, and appends exactly one entry for it.
 *
 * The first transaction of the call that commits contains the entry (`within`, which `write` calls). A transaction that fails takes its entry
 * with it, and the next one contains it instead. A call that succeeds without a transaction of its own gets its entry in `finish`, before it
 * responds. A call that fails has no entry, unless an earlier transaction of it had committed its changes.
 */
export class AuditTrail implements CallAudit {
  readonly #call: AuditedCall;
  #state: "open" | "recorded" | "unchanged" = "open";
  #target: AuditTarget | null;
  #application: { readonly key: number; readonly id: string } | null = null;
  readonly #created: string[] = [];
  readonly #changes = new Map<string, AuditFieldChange>();
  readonly #facts: Record<string, AuditValue>;

  constructor(call: AuditedCall) {
    this.#call = call;
    this.#target = call.target;
    this.#facts = { ...call.facts, ...clientOf(call.actor) };
  }

  /** Runs a write transaction that contains the entry of the call, unless it already has one. */
  async within<T>(services: Services, work: (tx: Tx) => Promise<T>, operation?: string): Promise<T> {
    let hasEntry = false;
    const result = await services.store.transaction(async (tx) => {
      const done = await work(tx);
      hasEntry = this.#state === "open";
      if (hasEntry) await this.#append(services, tx);
      return done;
    }, operation);
    if (hasEntry) this.#state = "recorded";
    return result;
  }

  /** Commits the entry in a transaction of its own, unless the call already has one or changed nothing. */
  async finish(services: Services): Promise<void> {
    if (this.#state !== "open") return;
    await services.store.transaction((tx) => this.#append(services, tx), "audit");
    this.#state = "recorded";
  }

  /** The call changed nothing, for example because its response was stored by an earlier one: it has no entry. */
  unchanged(): void {
    if (this.#state === "open") this.#state = "unchanged";
  }

  /** Notes a resource that was created. It becomes the target if the request was for its kind and contained no id. */
  created(kind: string, id: string, name: string | null = null): void {
    const target = this.#target;
    const isTarget = target !== null && (target.kind === kind || CREATES[target.kind] === kind);
    if (isTarget) this.#target = { kind: target.kind, id, name };
    else this.#created.push(`${kind} ${id}`);
  }

  /** Replaces a uid in the request by the id of the resource, and adds its name. */
  found(ref: string, id: string, name: string | null): void {
    if (this.#target?.id === ref) this.#target = { kind: this.#target.kind, id, name };
  }

  in(application: { readonly key: number; readonly id: string }): void {
    this.#application ??= { key: application.key, id: application.id };
  }

  /** Notes the fields that differ. */
  changed(before: object, after: object): void {
    for (const change of changedFields(before, after)) this.#changes.set(change.field, change);
  }

  /** Notes a harmless fact, such as how many rows were deleted. */
  fact(name: string, value: AuditValue): void {
    this.#facts[name] = value;
  }

  /** Id for the target of a call that learns it only with its response. */
  setIdIfUnknown(id: string): void {
    if (this.#target !== null && this.#target.id === null) this.#target = { ...this.#target, id };
  }

  async #append(services: TransactionServices, tx: Tx): Promise<void> {
    const { type, action, actor, fields, operator, ip, userAgent } = this.#call;
    const caller = await auditActorOf(tx.db, actor);
    const isNamed = operator === null || caller.kind !== "token";
    const changes = [...this.#changes.values()];
    const created = [...new Set(this.#created)];
    const facts = {
      ...this.#facts,
      ...(created.length > 0 ? { created } : {}),
      ...(isNamed && operator !== null ? { operator } : {}),
    };
    await appendEntry(services, tx, actor, {
      type,
      action,
      actor: isNamed ? caller : { kind: "cli", id: null, name: operator },
      target: this.#target,
      application: this.#application,
      detail: {
        ...(fields.length > 0 ? { fields } : {}),
        ...(changes.length > 0 ? { changes } : {}),
        ...(Object.keys(facts).length > 0 ? { facts } : {}),
      },
      ip,
      userAgent,
    });
  }
}

/** Appends the entry of a change that the server makes on its own. */
export async function recordSystemChange(
  services: Pick<TransactionServices, "auditSigner" | "now" | "operational">,
  tx: Tx,
  change: {
    readonly orgId: number;
    readonly action: `system.${string}`;
    readonly target: AuditTarget;
    readonly application: { readonly key: number; readonly id: string } | null;
    readonly facts?: Readonly<Record<string, AuditValue>>;
  },
): Promise<void> {
  const { orgId, action, target, application, facts } = change;
  const organisation = await tx.db
    .selectFrom("organisation")
    .select("public_id")
    .where("id", "=", orgId)
    .executeTakeFirst();
  // Without its organisation, an application has no chain to append to.
  if (organisation === undefined) return;
  await appendEntry(
    services,
    tx,
    { orgId, orgPublicId: organisation.public_id },
    {
      type: "change",
      action,
      actor: { kind: "system", id: null, name: null },
      target,
      application,
      detail: facts === undefined ? {} : { facts },
      ip: null,
      userAgent: null,
    },
  );
}

/** The connected client that calls for a user: its ID, and the name under which the user approved it. */
function clientOf(actor: Actor): Readonly<Record<string, string>> {
  const client = actor.kind === "organisation" && actor.caller.kind === "user" ? actor.caller.client : undefined;
  return client === undefined ? {} : { client: `${client.name} (${client.id})` };
}
