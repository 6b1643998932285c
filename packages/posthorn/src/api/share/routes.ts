import { Type } from "typebox";
import {
  createShareLink,
  listShareLinks,
  revokeShareLink,
  SHARE_SECONDS,
  type ShareLink,
} from "../../domain/share/share.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import { ShareCreated, ShareIn, ShareList } from "../models/share.ts";
import { created, list, noContent } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

function shareOut({ key: _key, redaction, createdAt, expiresAt, lastViewedAt, ...link }: ShareLink): object {
  return {
    ...link,
    redact: redaction,
    createdAt: dateTime(createdAt),
    expiresAt: dateTime(expiresAt),
    lastViewedAt: dateTimeOrNull(lastViewedAt),
  };
}

const createShare = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg/:msg_id/share",
  operationId: "v1.share.create",
  tag: "Share",
  summary: "Share a message or an attempt",
  description:
    "Creates a link that shows it to people without an account, until the link expires or is revoked. Each view has an entry in the audit log.",
  access: "organisation",
  permission: "payloads:read",
  body: ShareIn,
  responses: { 201: ShareCreated },
  handle: async ({ ctx, params, body }) => {
    const { hideBodies = false, headers = [], fields = [] } = body.redact ?? {};
    const { link, url } = await createShareLink({
      ctx,
      input: {
        app: params.app_id,
        message: params.msg_id,
        attempt: body.attemptId ?? null,
        expirySeconds: body.expiresInSeconds ?? SHARE_SECONDS.default,
        redaction: { hideBodies, headers, fields },
      },
    });
    return created({ ...shareOut(link), url });
  },
});

const listShares = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/msg/:msg_id/share",
  operationId: "v1.share.list",
  tag: "Share",
  summary: "List the shared links of a message",
  description: "Newest first, without their URLs. Links that ended more than 30 days ago are left out.",
  access: "organisation",
  permission: "read",
  query: Type.Object(PageQuery),
  responses: { 200: ShareList },
  handle: async ({ ctx, params, query }) =>
    list(
      await listShareLinks({
        ctx,
        input: { ...pageOf(query), message: { app: params.app_id, message: params.msg_id } },
      }),
      (row) => row.id,
      shareOut,
    ),
});

const listAllShares = defineRoute({
  method: "GET",
  path: "/api/v1/share",
  operationId: "v1.share.list-all",
  tag: "Share",
  summary: "List all shared links",
  description: "Newest first, without their URLs.",
  access: "organisation",
  permission: "read",
  query: Type.Object(PageQuery),
  responses: { 200: ShareList },
  handle: async ({ ctx, query }) =>
    list(await listShareLinks({ ctx, input: { ...pageOf(query), message: null } }), (row) => row.id, shareOut),
});

const revokeShare = defineRoute({
  method: "DELETE",
  path: "/api/v1/share/:share_id",
  operationId: "v1.share.revoke",
  tag: "Share",
  summary: "Revoke a shared link",
  description: "Afterwards it gets the same response as an unknown link.",
  access: "organisation",
  permission: "payloads:read",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await revokeShareLink({ ctx, input: { link: params.share_id } });
    return noContent();
  },
});

export const SHARE_ROUTES: readonly Route[] = [createShare, listShares, listAllShares, revokeShare];
