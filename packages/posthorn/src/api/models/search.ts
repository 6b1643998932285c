/** Models of the search over all kinds of objects. */
import { type TSchema, Type } from "typebox";
import { SEARCH_KINDS } from "../../domain/search/search.ts";
import { nullable, ref } from "./common.ts";

export const SearchKindModel = Type.Union(SEARCH_KINDS.map((kind) => Type.Literal(kind)));

export const FoundObjectOut = Type.Object(
  {
    kind: SearchKindModel,
    id: Type.String({ description: "The name of an event type; the ID of any other object." }),
    uid: nullable(Type.String({ description: "The event ID of a message." })),
    name: Type.String({ description: "The description of an endpoint, or else its URL; the event type of a message." }),
    detail: nullable(
      Type.String({
        description:
          "URL of an endpoint, provider of a source, description of an event type, list and search parameters of a view.",
      }),
    ),
    appId: nullable(Type.String({ description: "Application or source of an endpoint or message." })),
    appName: nullable(Type.String()),
  },
  { $id: "FoundObjectOut" },
);

export const SearchOut = Type.Object(
  {
    data: Type.Array(ref(FoundObjectOut)),
    iterator: nullable(Type.String({ description: "Pass it on to get the next page." })),
    done: Type.Boolean({ description: "Whether this is the last page." }),
  },
  { $id: "SearchOut" },
);

export const SEARCH_MODELS: readonly TSchema[] = [FoundObjectOut, SearchOut];
