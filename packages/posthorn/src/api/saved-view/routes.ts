/** Routes of saved views of lists. */
import { Type } from "typebox";
import {
  changeSavedView,
  createSavedView,
  deleteSavedView,
  setDefaultView,
  unsetDefaultView,
} from "../../domain/saved-view/save.ts";
import { getSavedView, listSavedViews, type SavedView } from "../../domain/saved-view/view.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import { SavedViewIn, SavedViewOut, SavedViewPage, SavedViewPatch, ViewListModel } from "../models/saved-view.ts";
import { created, list, noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime } from "../wire.ts";

const PATH = "/api/v1/saved-view";
/** Everyone may save views for themselves, also with a role in single applications. */
const COMMON = {
  tag: "Saved view",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
} as const;

function viewOut({ key: _key, isShared, isOwn, isDefault, createdAt, updatedAt, ...view }: SavedView): object {
  const times = { createdAt: dateTime(createdAt), updatedAt: dateTime(updatedAt) };
  return { ...view, shared: isShared, own: isOwn, default: isDefault, ...times };
}

const listViews = defineRoute({
  ...COMMON,
  method: "GET",
  path: PATH,
  operationId: "v1.saved-view.list",
  summary: "List saved views",
  description:
    "The views of the caller and those that are shared, oldest first. Callers that are limited to some applications see only their own. Shared views that search in payloads (`q` of `messages`) are left out for callers without `payloads:read`.",
  query: Type.Object({ ...PageQuery, list: Type.Optional(ViewListModel) }),
  responses: { 200: SavedViewPage },
  handle: async ({ ctx, query }) =>
    list(
      await listSavedViews({ ctx, input: { ...pageOf(query), list: query.list ?? null } }),
      (row) => row.id,
      viewOut,
    ),
});

const createView = defineRoute({
  ...COMMON,
  method: "POST",
  path: PATH,
  operationId: "v1.saved-view.create",
  summary: "Save a view",
  description:
    "Saves the filters, order and time range of a list of the dashboard under a name, for the caller or for everyone in the organisation. A caller can have up to 200 views.",
  body: SavedViewIn,
  responses: { 201: SavedViewOut },
  handle: async ({ ctx, body }) => {
    const { list: name, query = "", shared = false } = body;
    return created(
      viewOut(await createSavedView({ ctx, input: { list: name, name: body.name, query, isShared: shared } })),
    );
  },
});

const getView = defineRoute({
  ...COMMON,
  method: "GET",
  path: `${PATH}/:view_id`,
  operationId: "v1.saved-view.get",
  summary: "Get a saved view",
  description: "Views that the caller cannot see are reported as missing.",
  responses: { 200: SavedViewOut },
  handle: async ({ ctx, params }) => ok(viewOut(await getSavedView({ ctx, input: { view: params.view_id } }))),
});

const patchView = defineRoute({
  ...COMMON,
  method: "PATCH",
  path: `${PATH}/:view_id`,
  operationId: "v1.saved-view.patch",
  summary: "Update a saved view",
  description:
    "Changes only the fields in the request. A shared view can be changed by its owner, with the permission `views:share`, and by everyone with `settings:write`. Only its owner can make it private, and needs no permission for that; it is then no longer the default view of anyone else.",
  body: SavedViewPatch,
  responses: { 200: SavedViewOut },
  handle: async ({ ctx, params, body: { name, query, shared: isShared } }) =>
    ok(viewOut(await changeSavedView({ ctx, input: { view: params.view_id, name, query, isShared } }))),
});

const deleteView = defineRoute({
  ...COMMON,
  method: "DELETE",
  path: `${PATH}/:view_id`,
  operationId: "v1.saved-view.delete",
  summary: "Delete a saved view",
  description:
    "Nothing but the view is deleted. Owners can always delete their views. Everyone else who may change a view may also delete it.",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteSavedView({ ctx, input: { view: params.view_id } });
    return noContent();
  },
});

const setDefault = defineRoute({
  ...COMMON,
  method: "POST",
  path: `${PATH}/:view_id/default`,
  operationId: "v1.saved-view.set-default",
  summary: "Set as default view",
  description:
    "The dashboard opens the list with the default view of the caller. Each list has one: this view replaces the earlier one.",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await setDefaultView({ ctx, input: { view: params.view_id } });
    return noContent();
  },
});

const unsetDefault = defineRoute({
  ...COMMON,
  method: "DELETE",
  path: `${PATH}/:view_id/default`,
  operationId: "v1.saved-view.unset-default",
  summary: "Unset default view",
  description: "The dashboard opens the list of this view without filters for the caller.",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await unsetDefaultView({ ctx, input: { view: params.view_id } });
    return noContent();
  },
});

export const SAVED_VIEW_ROUTES: readonly Route[] = [
  listViews,
  createView,
  getView,
  patchView,
  deleteView,
  setDefault,
  unsetDefault,
];
