import { type Static, Type } from "typebox";
import {
  createRule,
  deleteRule,
  getRule,
  listRules,
  patchRule,
  type RuleFields,
  type StoredRule,
} from "../../domain/redaction/rules.ts";
import { tryRules } from "../../domain/redaction/try.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import {
  ApplicationRedactionRuleIn,
  RedactionRuleIn,
  RedactionRuleList,
  RedactionRuleOut,
  RedactionRulePatch,
  RedactionTryIn,
  RedactionTryOut,
} from "../models/redaction.ts";
import { created, list, noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime } from "../wire.ts";

function ruleOut({ key: _key, keepExactMs, createdAt, updatedAt, ...rule }: StoredRule): object {
  return {
    ...rule,
    keepExactSeconds: keepExactMs / 1000,
    createdAt: dateTime(createdAt),
    updatedAt: dateTime(updatedAt),
  };
}

function fieldsOf(body: Static<typeof ApplicationRedactionRuleIn>): RuleFields {
  return {
    path: body.path ?? null,
    pattern: body.pattern ?? null,
    action: body.action,
    eventTypes: body.eventTypes ?? null,
    keepExactMs: (body.keepExactSeconds ?? 0) * 1000,
    description: body.description ?? "",
    disabled: body.disabled ?? false,
  };
}

function changesOf({ keepExactSeconds, ...changes }: Static<typeof RedactionRulePatch>): Partial<RuleFields> {
  return keepExactSeconds === undefined ? changes : { ...changes, keepExactMs: keepExactSeconds * 1000 };
}

const listRedactionRules = defineRoute({
  method: "GET",
  path: "/api/v1/redaction-rule",
  operationId: "v1.redaction-rule.list",
  tag: "Redaction",
  summary: "List redaction rules",
  description: "Newest first.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    ...PageQuery,
    app_id: Type.Optional(
      Type.String({ maxLength: 256, description: "Only rules that apply to this application, by ID or uid." }),
    ),
    source_id: Type.Optional(
      Type.String({ maxLength: 256, description: "Only rules that apply to this source, by ID or uid." }),
    ),
  }),
  responses: { 200: RedactionRuleList },
  handle: async ({ ctx, query }) => {
    const scope = { app: query.app_id ?? null, source: query.source_id ?? null };
    return list(await listRules({ ctx, input: { ...pageOf(query), scope } }), (rule) => rule.id, ruleOut);
  },
});

const createRedactionRule = defineRoute({
  method: "POST",
  path: "/api/v1/redaction-rule",
  operationId: "v1.redaction-rule.create",
  tag: "Redaction",
  summary: "Create a redaction rule",
  description:
    "Redacts values of payloads before they are stored. Applies to messages that are accepted from now on, in all applications and sources unless it is limited to one. Endpoints still receive the exact payloads.",
  access: "organisation",
  permission: "settings:write",
  body: RedactionRuleIn,
  responses: { 201: RedactionRuleOut },
  handle: async ({ ctx, body }) => {
    const scope = { app: body.appId ?? null, source: body.sourceId ?? null };
    return created(ruleOut(await createRule({ ctx, input: { fields: fieldsOf(body), scope } })));
  },
});

const getRedactionRule = defineRoute({
  method: "GET",
  path: "/api/v1/redaction-rule/:rule_id",
  operationId: "v1.redaction-rule.get",
  tag: "Redaction",
  summary: "Get a redaction rule",
  description: "Shows what it redacts, and where.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  responses: { 200: RedactionRuleOut },
  handle: async ({ ctx, params }) => ok(ruleOut(await getRule({ ctx, input: { rule: params.rule_id, app: null } }))),
});

const patchRedactionRule = defineRoute({
  method: "PATCH",
  path: "/api/v1/redaction-rule/:rule_id",
  operationId: "v1.redaction-rule.patch",
  tag: "Redaction",
  summary: "Update a redaction rule",
  description: "Changes only the fields in the request. Messages that were accepted before stay as they are.",
  access: "organisation",
  permission: "settings:write",
  body: RedactionRulePatch,
  responses: { 200: RedactionRuleOut },
  handle: async ({ ctx, params, body }) =>
    ok(ruleOut(await patchRule({ ctx, input: { rule: params.rule_id, app: null, changes: changesOf(body) } }))),
});

const deleteRedactionRule = defineRoute({
  method: "DELETE",
  path: "/api/v1/redaction-rule/:rule_id",
  operationId: "v1.redaction-rule.delete",
  tag: "Redaction",
  summary: "Delete a redaction rule",
  description: "Messages that were accepted before stay redacted.",
  access: "organisation",
  permission: "settings:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteRule({ ctx, input: { rule: params.rule_id, app: null } });
    return noContent();
  },
});

const listApplicationRules = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/redaction-rule",
  operationId: "v1.application.redaction-rule.list",
  tag: "Redaction",
  summary: "List the redaction rules of an application",
  description: "Newest first, with those of the whole organisation, which apply to it as well.",
  access: "organisation",
  permission: "read",
  query: Type.Object(PageQuery),
  responses: { 200: RedactionRuleList },
  handle: async ({ ctx, params, query }) => {
    const scope = { app: params.app_id, source: null };
    return list(await listRules({ ctx, input: { ...pageOf(query), scope } }), (rule) => rule.id, ruleOut);
  },
});

const createApplicationRule = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/redaction-rule",
  operationId: "v1.application.redaction-rule.create",
  tag: "Redaction",
  summary: "Create a redaction rule for an application",
  description:
    "Like a rule of the organisation, but for this application only. Also available to callers that are limited to the application.",
  access: "organisation",
  permission: "settings:write",
  body: ApplicationRedactionRuleIn,
  responses: { 201: RedactionRuleOut },
  handle: async ({ ctx, params, body }) => {
    const input = { fields: fieldsOf(body), scope: { app: params.app_id, source: null } };
    return created(ruleOut(await createRule({ ctx, input })));
  },
});

const patchApplicationRule = defineRoute({
  method: "PATCH",
  path: "/api/v1/app/:app_id/redaction-rule/:rule_id",
  operationId: "v1.application.redaction-rule.patch",
  tag: "Redaction",
  summary: "Update a redaction rule of an application",
  description: "Changes only the fields in the request. Rules of the whole organisation are not found here.",
  access: "organisation",
  permission: "settings:write",
  body: RedactionRulePatch,
  responses: { 200: RedactionRuleOut },
  handle: async ({ ctx, params, body }) => {
    const input = { rule: params.rule_id, app: params.app_id, changes: changesOf(body) };
    return ok(ruleOut(await patchRule({ ctx, input })));
  },
});

const deleteApplicationRule = defineRoute({
  method: "DELETE",
  path: "/api/v1/app/:app_id/redaction-rule/:rule_id",
  operationId: "v1.application.redaction-rule.delete",
  tag: "Redaction",
  summary: "Delete a redaction rule of an application",
  description: "Messages that were accepted before stay redacted.",
  access: "organisation",
  permission: "settings:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteRule({ ctx, input: { rule: params.rule_id, app: params.app_id } });
    return noContent();
  },
});

const tryRedaction = defineRoute({
  method: "POST",
  path: "/api/v1/redaction/try",
  operationId: "v1.redaction.try",
  tag: "Redaction",
  summary: "Try redaction rules",
  description:
    "Shows how a sample payload would be stored, with the stored rules or with those in the request. Stores nothing. Use it to find the hash of a value to search for.",
  access: "organisation",
  audit: "none",
  permission: "payloads:read",
  body: RedactionTryIn,
  responses: { 200: RedactionTryOut },
  handle: async ({ ctx, body }) => {
    const rules =
      body.rules?.map(({ path = null, pattern = null, action, eventTypes = null }) => ({
        path,
        pattern,
        action,
        eventTypes,
        keepExactMs: 0,
      })) ?? null;
    const { payload, parts, isWhole } = await tryRules({
      ctx,
      input: {
        rules,
        scope: { app: body.appId ?? null, source: body.sourceId ?? null },
        payload: Buffer.from(body.payload),
        contentType: body.contentType ?? "application/json",
        eventType: body.eventType ?? "example",
      },
    });
    return ok({ payload: Buffer.from(payload).toString("utf8"), parts, whole: isWhole });
  },
});

export const REDACTION_ROUTES: readonly Route[] = [
  listRedactionRules,
  createRedactionRule,
  getRedactionRule,
  patchRedactionRule,
  deleteRedactionRule,
  listApplicationRules,
  createApplicationRule,
  patchApplicationRule,
  deleteApplicationRule,
  tryRedaction,
];
