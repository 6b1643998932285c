import { Type } from "typebox";
import { DIRECTIONS, MESSAGE_STATES } from "../../domain/message/search-scope.ts";
import { type FoundMessage, searchMessages as searchVerb } from "../../domain/message/search.ts";
import { messageFilterOf, pageOf, timesOf } from "../inputs.ts";
import { MessageFilterQuery, PageQuery, TimeQuery } from "../models/common.ts";
import { FoundMessageList } from "../models/overview.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime } from "../wire.ts";

const Ref = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }));

export const searchMessages = defineRoute({
  method: "GET",
  path: "/api/v1/message",
  operationId: "v1.message.search",
  tag: "Message",
  summary: "Search messages across applications and sources",
  description:
    "Newest first, with the status of each. One request scans up to 5,000 messages, and for a text search up to 16 MiB of payloads, so a short or empty page is not necessarily the last one. Continue with `iterator` until `done` is true. With `app_id`, rare messages are found at once by `tag`, `channel` or `event_types`. An application token finds only the messages of its application.",
  access: "ViewBase",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    ...PageQuery,
    ...MessageFilterQuery,
    ...TimeQuery,
    app_id: Ref("Id or uid of an application or source whose messages to search."),
    endpoint_id: Ref(
      "Requires `app_id`. Only messages matched with this endpoint; `state` is then the state of the delivery to it.",
    ),
    direction: Type.Optional(
      Type.Union(
        DIRECTIONS.map((direction) => Type.Literal(direction)),
        {
          description:
            "`out`: messages published to an application. `in`: messages received by a source. By default both.",
        },
      ),
    ),
    message_id: Ref("Id or eventId of a message, or id of an attempt. Messages of any age are found by id."),
    state: Type.Optional(
      Type.Union(
        MESSAGE_STATES.map((state) => Type.Literal(state)),
        {
          description:
            "Messages with a delivery in this state. `succeeded`: all deliveries succeeded. `held`: at least one delivery is on hold, and none is `retrying` or `pending`. `unmatched`: no endpoint matched.",
        },
      ),
    ),
    text: Type.Optional(
      Type.String({ minLength: 2, maxLength: 256, description: "Text that the payload contains exactly, in UTF-8." }),
    ),
  }),
  responses: { 200: FoundMessageList },
  audit: "view",
  // A match reveals that the payload contains the text.
  auditWhen: (query) => query.text !== undefined,
  handle: async ({ ctx, query }) => {
    const input = {
      ...pageOf(query),
      ...messageFilterOf(query),
      ...timesOf(query),
      app: query.app_id ?? null,
      direction: query.direction ?? null,
      endpoint: query.endpoint_id ?? null,
      id: query.message_id ?? null,
      state: query.state ?? null,
      text: query.text ?? null,
    };
    const { rows, next } = await searchVerb({ ctx, input });
    return ok({ data: rows.map(foundOut), iterator: next, done: next === null });
  },
});

function foundOut({ timestamp, ...rest }: FoundMessage): object {
  return { ...rest, timestamp: dateTime(timestamp) };
}
