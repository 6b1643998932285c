/** Exports the audit log as NDJSON: the signed head first, then the entries, oldest first. */
import { Readable } from "node:stream";
import { Type } from "typebox";
import { requireAccess } from "../../domain/access.ts";
import type { Identity } from "../../domain/auth/token-lookup.ts";
import type { OutsideContext, Services } from "../../domain/context.ts";
import { AuditTrail } from "../../domain/audit/trail.ts";
import { type AuditFilter, isComplete, readEntries, readExtent } from "../../domain/audit/read.ts";
import { HttpError, ref } from "../models/common.ts";
import { NDJSON } from "../body.ts";
import { INERT } from "../inert.ts";
import { operatorOf } from "../operator.ts";
import { queryValidator, refuseUnknown } from "../validation.ts";
import { auditFilterOf, AuditQuery } from "./query.ts";
import type { FastifyInstance, FastifyRequest } from "fastify";

export const EXPORT_PATH = "/api/v1/audit/export";
const OPERATION = "v1.audit.export";
const Query = Type.Object(AuditQuery);
const checkQuery = queryValidator(Query);

export interface AuditExportOptions {
  readonly services: Services;
  readonly identify: (request: FastifyRequest) => Promise<Identity>;
}

export function registerAuditExport(app: FastifyInstance, { services, identify }: AuditExportOptions): void {
  // A HEAD request would read the whole log, only to throw it away.
  app.get(EXPORT_PATH, { exposeHeadRoute: false }, async (request, reply) => {
    const { actor } = await identify(request);
    requireAccess(actor, { access: "organisation", permission: "audit:read" });
    refuseUnknown({ operationId: OPERATION, query: Query }, request.query);
    checkQuery(request.query);
    const filter = auditFilterOf(request.query as Parameters<typeof auditFilterOf>[0]);
    const ctx: OutsideContext = { services, actor, tx: null, operation: OPERATION };
    const trail = new AuditTrail({
      type: "view",
      action: OPERATION,
      actor,
      target: null,
      fields: [],
      facts: {},
      operator: operatorOf(request.headers) ?? null,
      ip: request.ip,
      userAgent: request.headers["user-agent"] ?? null,
    });
    await trail.finish(services);
    void reply.headers(INERT).header("content-type", NDJSON).header("cache-control", "no-store");
    void reply.header("content-disposition", 'attachment; filename="posthorn-audit.ndjson"');
    return reply.send(Readable.from(linesOf(ctx, filter)));
  });
}

async function* linesOf(ctx: OutsideContext, filter: AuditFilter): AsyncGenerator<string> {
  const { auditSigner } = ctx.services;
  const { head, last } = await readExtent(ctx);
  const complete = isComplete(ctx, filter);
  const { publicKeys } = auditSigner;
  yield `${JSON.stringify({ head, publicKeys, complete })}\n`;
  for await (const page of readEntries(ctx, filter, { after: 0, last })) {
    yield page.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  }
}

/** Description for the OpenAPI document. */
export const EXPORT_DESCRIPTION = {
  operationId: OPERATION,
  tags: ["Audit"],
  summary: "Export the audit log",
  description:
    "NDJSON. The first line contains the signed head, the public keys that verify it, and whether the export is complete. Every other line is an entry, oldest first. The export itself has an entry.",
  security: [{ token: [] }],
  querystring: Query,
  response: {
    200: {
      description: "The entries.",
      content: { "application/x-ndjson": { schema: Type.String() } },
    },
    401: { description: "The token is missing, invalid or expired.", ...ref(HttpError) },
    403: { description: "The token does not have access.", ...ref(HttpError) },
  },
};
