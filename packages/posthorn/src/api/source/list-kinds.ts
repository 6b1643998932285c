import type { AnySourceKind } from "../../sources/kind.ts";
import type { SourceKindProblem } from "../../sources/kind-rules.ts";
import { SOURCE_KINDS } from "../../sources/kinds.ts";
import { kindOut } from "../models/kind-fields.ts";
import { SourceKindList } from "../models/source-kind.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const listSourceKinds = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source-kinds",
  operationId: "v1.ingest.source-kind.list",
  tag: "Ingest",
  summary: "List the source kinds",
  description:
    "All kinds in this version, with the fields of its configuration, its events, and the steps to set it up. " +
    "`available` says whether sources of the kind can be created on this server.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  responses: { 200: SourceKindList },
  handle: ({ ctx }) => {
    const { sourceKinds } = ctx.services.rules;
    const data = Object.entries(SOURCE_KINDS).map(([name, kind]) =>
      sourceKindOut(name, kind, sourceKinds.problem(name)),
    );
    return Promise.resolve(ok({ data }));
  },
});

function sourceKindOut(name: string, kind: AnySourceKind, problem: SourceKindProblem | null): object {
  const { events, repeats, receives = false } = kind;
  const problemOut = problem === null ? null : { code: problem.code, message: problem.sentence };
  return kindOut(name, kind, { events, repeats, receives }, problemOut);
}
