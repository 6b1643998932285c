import type { AnyKind } from "../../destinations/kind.ts";
import type { KindProblem } from "../../destinations/kind-rules.ts";
import { DESTINATION_KINDS } from "../../destinations/kinds.ts";
import { DestinationKindList } from "../models/destination-kind.ts";
import { kindOut } from "../models/kind-fields.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const listDestinationKinds = defineRoute({
  method: "GET",
  path: "/api/v1/destination-kinds",
  operationId: "v1.destination-kind.list",
  tag: "Destination",
  summary: "List destination kinds",
  description:
    "All kinds in this version, with the fields of its configuration, its limits and guarantees, and the steps to set it up. " +
    "`available` says whether endpoints of the kind can be created on this server.",
  access: "ViewBase",
  permission: "read",
  filtersApplications: true,
  responses: { 200: DestinationKindList },
  handle: ({ ctx }) => {
    const { kinds } = ctx.services.rules;
    const data = Object.entries(DESTINATION_KINDS).map(([name, kind]) =>
      destinationKindOut(name, kind, kinds.problem(name)),
    );
    return Promise.resolve(ok({ data }));
  },
});

function destinationKindOut(name: string, kind: AnyKind, problem: KindProblem | null): object {
  const { limits, idempotency, ordering, conditional = null, deduplication, subscribing } = kind;
  const { bodyBytes, batch } = limits;
  const own = {
    limits: {
      bodyBytes,
      batch: batch === null ? null : { items: batch.items, bytes: batch.bytes, atomic: batch.isAtomic },
    },
    idempotency,
    ordering,
    conditional:
      conditional === null
        ? null
        : {
            appliesTo: conditional.appliesTo,
            idempotency: conditional.idempotency,
            ordering: conditional.ordering,
          },
    deduplication: deduplication ?? null,
  };
  if (problem !== null) return kindOut(name, kind, own, { code: problem.code, message: problem.sentence });
  const subscribed = subscribing === undefined ? null : { code: "kind_subscribed", message: subscribing };
  return kindOut(name, kind, own, subscribed);
}
