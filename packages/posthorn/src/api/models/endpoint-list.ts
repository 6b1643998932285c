/** Models of the list of the endpoints of all applications. */
import { type TSchema, Type } from "typebox";
import { HEALTHS, MAX_QUEUED } from "../../domain/endpoint/figures.ts";
import { FLOW_STATES } from "../../domain/endpoint/state.ts";
import { DateTime, listOf, literals, nullable } from "./common.ts";

export const ListedEndpointOut = Type.Object(
  {
    id: Type.String(),
    uid: nullable(Type.String()),
    url: Type.String({ description: "URL of a webhook; for other kinds, where messages go, without secrets." }),
    description: Type.String(),
    kind: Type.String({ description: "Its destination kind." }),
    appId: Type.String({ description: "ID of its application or source." }),
    appName: Type.String(),
    state: literals(FLOW_STATES),
    health: Type.Union(
      HEALTHS.map((health) => Type.Literal(health)),
      {
        description:
          "`failing`: no success since its last failure. `degraded`: the success rate of the last 24 hours is below `attention.successPercent` of its policy. `idle`: there were none.",
      },
    ),
    failingSince: nullable(DateTime),
    successRate: nullable(
      Type.Number({ description: "Share of the attempts of the last 24 hours that succeeded; null without attempts." }),
    ),
    hours: Type.Array(Type.Object({ succeeded: Type.Integer(), failed: Type.Integer() }), {
      description: "Attempts by hour, of the last 24 hours. The current hour is the last one.",
    }),
    lastEventAt: nullable(
      Type.String({ format: "date-time", description: "When the newest message that matched was published." }),
    ),
    queued: Type.Integer({ description: `Deliveries that are not finished, counted up to ${MAX_QUEUED}.` }),
    createdAt: DateTime,
  },
  { $id: "ListedEndpointOut", description: "An endpoint of any application or source, with its recent figures." },
);

export const ListedEndpointList = listOf(ListedEndpointOut);

export const ENDPOINT_LIST_MODELS: readonly TSchema[] = [ListedEndpointOut, ListedEndpointList];
