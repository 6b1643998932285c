/** Query parameters shared by the lists of attempts. */
import { type Static, Type } from "typebox";
import { messageFilterOf, pageOf, timesOf } from "../inputs.ts";
import { MessageFilterQuery, PageQuery, TimeQuery, WithContentQuery } from "../models/common.ts";

export const StatusQuery = {
  status: Type.Optional(
    Type.Integer({ enum: [0, 1, 2, 3, 4], description: "0 success, 1 pending, 2 fail, 3 sending, 4 canceled." }),
  ),
} as const;

export const ExpandedQuery = {
  expanded_statuses: Type.Optional(
    Type.Boolean({ default: false, description: "Report canceled deliveries with status 4." }),
  ),
} as const;

export const AttemptQuery = {
  ...PageQuery,
  ...MessageFilterQuery,
  ...TimeQuery,
  ...WithContentQuery,
  ...StatusQuery,
  ...ExpandedQuery,
  status_code_class: Type.Optional(
    Type.Integer({
      enum: [0, 100, 200, 300, 400, 500],
      description: "HTTP status class; 0 means that there was no response.",
    }),
  ),
} as const;

const AttemptQueryObject = Type.Object(AttemptQuery);

export function attemptFilterOf(query: Static<typeof AttemptQueryObject>) {
  return {
    ...pageOf(query),
    ...messageFilterOf(query),
    ...timesOf(query),
    status: query.status ?? null,
    statusCodeClass: query.status_code_class ?? null,
  };
}
