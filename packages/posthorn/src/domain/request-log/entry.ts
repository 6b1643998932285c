/** Entries of the log of API requests. */
import type { AuditActorKind } from "../audit/entry.ts";
import type { Actor } from "../access.ts";

/** A request with a known caller. It contains nothing of the path, query, headers or body except the request ID. */
export interface LoggedRequest {
  readonly key: number;
  readonly id: string;
  readonly orgId: number;
  readonly callerKind: AuditActorKind;
  /** Id of an API key, a user or an application. */
  readonly callerId: string | null;
  readonly method: string;
  /** Pattern of the path. */
  readonly route: string;
  readonly operation: string;
  readonly status: number;
  readonly errorCode: string | null;
  readonly durationMs: number;
  /** `x-request-id` of the request. */
  readonly clientRequestId: string | null;
}

/** A publish needs no entry: its message is the record. */
const PUBLISHES: ReadonlySet<string> = new Set([
  "v1.message.create",
  "v1.message.create-batch",
  "v1.message.create-batch-of-all",
]);

/**
 * Whether a request gets an entry. Failed requests always do. Successful ones do unless they are publishes, or reads of the dashboard or
 * portal, which are repeated every few seconds.
 */
export function isLogged(
  actor: Actor,
  { method, operation, status }: Pick<LoggedRequest, "method" | "operation" | "status">,
): boolean {
  if (status >= 400) return true;
  if (PUBLISHES.has(operation)) return false;
  if (method !== "GET") return true;
  return actor.kind === "organisation" && actor.caller.kind === "key";
}

/** The caller as it is stored. Names are looked up when the log is read. */
export function callerOf(actor: Actor): Pick<LoggedRequest, "callerKind" | "callerId"> {
  if (actor.kind === "application") return { callerKind: "application", callerId: actor.appPublicId };
  const { caller } = actor;
  return { callerKind: caller.kind, callerId: "id" in caller ? caller.id : null };
}
