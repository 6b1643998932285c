import { type Static, Type } from "typebox";
import { AUDIT_ACTOR_KINDS } from "../../domain/audit/entry.ts";
import type { AuditFilter } from "../../domain/audit/read.ts";
import { timesOf } from "../inputs.ts";
import { AUDIT_TYPES } from "../models/audit.ts";
import { literals, TimeQuery } from "../models/common.ts";

const Id = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }));

export const AuditQuery = {
  ...TimeQuery,
  type: Type.Optional(literals(AUDIT_TYPES)),
  action: Id("Operation ID, such as `v1.endpoint.patch`."),
  actor: Id("Id of an API key, a user or an application."),
  actor_kind: Type.Optional(literals(AUDIT_ACTOR_KINDS)),
  target: Id("Id of what was changed or viewed."),
  app_id: Id("Id or uid of an application, or id of a source."),
} as const;

const AuditQueryObject = Type.Object(AuditQuery);

export function auditFilterOf(query: Static<typeof AuditQueryObject>): AuditFilter {
  const { before, after } = timesOf(query);
  return {
    type: query.type ?? null,
    action: query.action ?? null,
    actor: query.actor ?? null,
    actorKind: query.actor_kind ?? null,
    target: query.target ?? null,
    application: query.app_id ?? null,
    before,
    // "At or after".
    after: after === null ? null : after - 1,
  };
}
