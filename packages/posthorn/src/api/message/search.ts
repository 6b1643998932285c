import { Type } from "typebox";
import {
  DIRECTIONS,
  type FoundMessage,
  MESSAGE_STATES,
  searchMessages as searchVerb,
} from "../../domain/message/search.ts";
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
  summary: "Search messages over all applications and sources",
  description:
    "Newest first, with what became of each. A call looks at 5,000 messages, and for a text at 16 MiB of payloads, so that its cost is bounded: a page can be short or empty and not be the last. Go on with `iterator` until `done`. With `app_id`, what is rare by `tag`, `channel` or `event_types` is found at once. A token of an application sees its own.",
  access: "ViewBase",
  query: Type.Object({
    ...PageQuery,
    ...MessageFilterQuery,
    ...TimeQuery,
    app_id: Ref("Id or uid: messages of this application, or source."),
    endpoint_id: Ref("With `app_id`: messages owed to this endpoint, and `state` as it stands there."),
    direction: Type.Optional(
      Type.Union(
        DIRECTIONS.map((direction) => Type.Literal(direction)),
        { description: "`out`: published to an application; `in`: came in at a source. Both when left out." },
      ),
    ),
    message_id: Ref("Id or event id of a message, or id of one of its attempts: found by an id however old it is."),
    state: Type.Optional(
      Type.Union(
        MESSAGE_STATES.map((state) => Type.Literal(state)),
        {
          description:
            "Messages with a delivery that stands so; `succeeded`: all do; `held`: it is neither `retrying` nor `pending` then; `unmatched`: there is none.",
        },
      ),
    ),
    text: Type.Optional(
      Type.String({ minLength: 2, maxLength: 256, description: "Stands in the payload, exactly so, in UTF-8." }),
    ),
  }),
  responses: { 200: FoundMessageList },
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
