import { listTableSources as listVerb, type TableSourceState } from "../../domain/source/table-sources.ts";
import { TableSourceList } from "../models/source-kind.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTimeOrNull } from "../wire.ts";

export const listTableSources = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/table-source",
  operationId: "v1.ingest.table-source.list",
  tag: "Ingest",
  summary: "List the table sources",
  description:
    "PostgreSQL tables whose changes are published as messages of your applications, with their state. The operator adds and removes them with `posthorn tables`, because their definition contains SQL.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  responses: { 200: TableSourceList },
  handle: async ({ ctx }) => ok({ data: (await listVerb({ ctx, input: {} })).map((one) => tableSourceOut(one)) }),
});

function tableSourceOut({ source, state, error }: TableSourceState): object {
  const { name, table, changes, columns, when, type, payload, app, strict, missed } = source;
  return {
    name,
    kind: "table",
    table,
    on: changes,
    columns,
    when,
    type,
    payload,
    app: "constant" in app ? app.constant : null,
    appColumn: "column" in app ? app.column : null,
    strict,
    state,
    error,
    lastMissedAt: dateTimeOrNull(missed?.at ?? null),
  };
}
