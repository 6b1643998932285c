import { Type } from "typebox";
import { listAuditEntries, verifyNewest } from "../../domain/audit/read.ts";
import { pageOf } from "../inputs.ts";
import { AuditEntryList, AuditVerificationOut } from "../models/audit.ts";
import { PageQuery } from "../models/common.ts";
import { list, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { auditFilterOf, AuditQuery } from "./query.ts";

const listEntries = defineRoute({
  method: "GET",
  path: "/api/v1/audit",
  operationId: "v1.audit.list",
  tag: "Audit",
  summary: "List the entries of the audit log",
  description:
    "Newest first. Each change and each view of a payload or secret has one entry. Callers that are limited to applications get the entries of these.",
  access: "organisation",
  permission: "audit:read",
  query: Type.Object({ ...PageQuery, ...AuditQuery }),
  responses: { 200: AuditEntryList },
  handle: async ({ ctx, query }) =>
    list(
      await listAuditEntries({ ctx, input: { ...pageOf(query), ...auditFilterOf(query) } }),
      (row) => String(row.sequence),
      (row) => row,
    ),
});

const verifyLog = defineRoute({
  method: "GET",
  path: "/api/v1/audit/verification",
  operationId: "v1.audit.verify",
  tag: "Audit",
  summary: "Verify the audit log",
  description:
    "Verifies the hash chain of the newest entries, and the signature of its head. `posthorn audit verify` verifies all of them, outside the server.",
  access: "organisation",
  permission: "audit:read",
  query: Type.Object({
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 20_000, default: 5000, description: "Maximum number of entries to verify." }),
    ),
  }),
  responses: { 200: AuditVerificationOut },
  handle: async ({ ctx, query }) => ok(await verifyNewest(ctx, query.limit ?? 5000)),
});

export const AUDIT_ROUTES: readonly Route[] = [listEntries, verifyLog];
