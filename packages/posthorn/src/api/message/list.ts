import { Type } from "typebox";
import { listMessages as listVerb } from "../../domain/message/list.ts";
import { messageFilterOf, pageOf, timesOf } from "../inputs.ts";
import { MessageFilterQuery, PageQuery, TimeQuery, WithContentQuery } from "../models/common.ts";
import { MessageList } from "../models/message.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { messageOut } from "../wire.ts";

export const listMessages = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/msg",
  operationId: "v1.message.list",
  tag: "Message",
  summary: "List messages",
  description:
    "Newest first. With `after` alone, the page has the oldest messages after that time; continue with `prevIterator`.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object({ ...PageQuery, ...MessageFilterQuery, ...TimeQuery, ...WithContentQuery }),
  responses: { 200: MessageList },
  audit: "view",
  handle: async ({ ctx, params, query }) => {
    const withContent = query.with_content ?? true;
    const input = {
      ...pageOf(query),
      ...messageFilterOf(query),
      ...timesOf(query),
      app: params.app_id,
      withContent,
    };
    const page = await listVerb({ ctx, input });
    return list(
      page,
      (row) => row.id,
      (row) => messageOut(row, { withContent }),
    );
  },
});
