/** Models of saved views. */
import { Type } from "typebox";
import { MAX_VIEW_NAME, MAX_VIEW_QUERY, VIEW_LISTS } from "../../domain/saved-view/view.ts";
import { DateTime, listOf, literals, nullable } from "./common.ts";

export const ViewListModel = literals(VIEW_LISTS);

const name = Type.String({ minLength: 1, maxLength: MAX_VIEW_NAME, pattern: "\\S" });
const query = Type.String({
  maxLength: MAX_VIEW_QUERY,
  description:
    "Search parameters of the page of the list: filters, order and time range. Parameters that the list does not know are ignored. Stored in encoded form, to which the limit applies.",
  examples: ["state=failed&range=24h"],
});
const shared = Type.Boolean({
  description: "Whether everyone in the organisation sees it. Sharing needs the permission `views:share`.",
});

export const SavedViewIn = Type.Object(
  {
    list: ViewListModel,
    name,
    query: Type.Optional({ ...query, default: "" }),
    shared: Type.Optional({ ...shared, default: false }),
  },
  { $id: "SavedViewIn" },
);

export const SavedViewPatch = Type.Object(
  { name: Type.Optional(name), query: Type.Optional(query), shared: Type.Optional(shared) },
  { $id: "SavedViewPatch" },
);

export const SavedViewOut = Type.Object(
  {
    id: Type.String(),
    list: ViewListModel,
    name: Type.String(),
    query: Type.String({ description: "Search parameters of the page of the list." }),
    shared: Type.Boolean(),
    owner: Type.Object({
      kind: literals(["user", "key", "token"]),
      id: nullable(Type.String({ description: "Null for tokens of the organisation, which share their views." })),
      name: nullable(Type.String({ description: "Null if the owner has no name or no longer exists." })),
    }),
    own: Type.Boolean({ description: "Whether it belongs to the caller." }),
    mayChange: Type.Boolean({
      description: "Whether the caller may change it. Owners can always delete it and make it private.",
    }),
    default: Type.Boolean({ description: "Whether it is the default view of the list for the caller." }),
    createdAt: DateTime,
    updatedAt: DateTime,
  },
  { $id: "SavedViewOut" },
);
export const SavedViewPage = listOf(SavedViewOut);

export const SAVED_VIEW_MODELS = [SavedViewIn, SavedViewPatch, SavedViewOut, SavedViewPage];
