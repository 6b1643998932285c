/** Routes of organisations, also called environments: each has its own applications, keys and users. */
import {
  createOrganisation,
  listOrganisations,
  type Organisation,
  changeOrganisation,
  switchOrganisation,
} from "../../domain/organisation/organisations.ts";
import {
  OrganisationIn,
  OrganisationList,
  OrganisationOut,
  OrganisationPatch,
  SessionOrganisationIn,
} from "../models/organisation.ts";
import { created, noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime } from "../wire.ts";

function organisationOut({ createdAt, isCurrent, ...rest }: Organisation): object {
  return { ...rest, createdAt: dateTime(createdAt), current: isCurrent };
}

const TAG = { tag: "Users", access: "organisation" } as const;

export const organisationRoutes: readonly Route[] = [
  defineRoute({
    ...TAG,
    method: "GET",
    path: "/api/v1/organisation",
    operationId: "v1.organisation.list",
    withoutSecondFactor: true,
    summary: "List your organisations",
    description: "Oldest first, with your role in each. Tokens and API keys have one.",
    permission: "read",
    filtersApplications: true,
    responses: { 200: OrganisationList },
    handle: async ({ ctx }) => ok({ data: (await listOrganisations(ctx)).map(organisationOut) }),
  }),
  defineRoute({
    ...TAG,
    method: "POST",
    path: "/api/v1/organisation",
    operationId: "v1.organisation.create",
    summary: "Create an organisation",
    description:
      "Only users can create one, for example a separate test environment. You become its owner. It requires a separate origin for inbound webhooks, `POSTHORN_INGEST_URL`.",
    permission: "organisations:manage",
    body: OrganisationIn,
    responses: { 201: OrganisationOut },
    handle: async ({ ctx, body }) => created(organisationOut(await createOrganisation({ ctx, input: body }))),
  }),
  defineRoute({
    ...TAG,
    method: "PATCH",
    path: "/api/v1/organisation/:organisation_id",
    operationId: "v1.organisation.patch",
    summary: "Change your organisation",
    description:
      "Changes the name of the current organisation of your session, and whether its users need a second factor. To change another one, switch to it first.",
    permission: "organisations:manage",
    body: OrganisationPatch,
    responses: { 200: OrganisationOut },
    handle: async ({ ctx, params, body }) => {
      const input = { organisation: params.organisation_id, ...body };
      return ok(organisationOut(await changeOrganisation({ ctx, input })));
    },
  }),
  defineRoute({
    ...TAG,
    method: "POST",
    path: "/api/v1/session/current/organisation",
    operationId: "v1.session.switch-organisation",
    withoutSecondFactor: true,
    summary: "Switch to another organisation",
    description: "Switches your session to the other organisation, on all nodes within a second.",
    permission: "read",
    filtersApplications: true,
    body: SessionOrganisationIn,
    responses: { 204: null },
    handle: async ({ ctx, body }) => {
      await switchOrganisation({ ctx, input: body });
      return noContent();
    },
  }),
];
