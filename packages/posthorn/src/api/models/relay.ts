import { Type } from "typebox";
import { DateTime, Name, nullable, ref } from "./common.ts";
import { SHARE_MODES, type ShareMode } from "../../destinations/kinds/relay.ts";

const ListenerName = Type.String({ minLength: 1, maxLength: 100, pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$" });

const ShareIn = Type.Unsafe<ShareMode>({
  type: "string",
  enum: Object.values(SHARE_MODES),
  default: "all",
  description:
    "`all`: the name belongs to one listener, and others have their own. `one`: each message goes to one of the connected listeners. `exclusive`: others are refused while one is connected.",
});

const EventTypesIn = nullable(
  Type.Array(Type.String({ minLength: 1, maxLength: 256, pattern: "^[a-zA-Z0-9_.:/-]*\\*?$" }), {
    minItems: 1,
    maxItems: 100,
    description: "Names, or prefixes that end with `*`. Null: all.",
  }),
);

const FilterIn = nullable(Type.Unknown({ description: "Filter, as for other endpoints. Null: none." }));

export const RelaySessionIn = Type.Object(
  {
    name: Type.Intersect([ListenerName], {
      description: "Name of the endpoint of the listener. It is created if there is none.",
    }),
    share: Type.Optional(ShareIn),
    clientId: Type.String({
      minLength: 8,
      maxLength: 100,
      pattern: "^[A-Za-z0-9._-]+$",
      description: "Chosen by the listener: a connection replaces earlier ones with the same ID.",
    }),
    clientName: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: "Who listens, shown to other people." }),
    ),
    takeOver: Type.Optional(
      Type.Boolean({ default: false, description: "Replaces another listener where only one is allowed." }),
    ),
    eventTypes: Type.Optional(EventTypesIn),
    filter: Type.Optional(FilterIn),
    since: Type.Optional(
      nullable(
        Type.String({
          format: "date-time",
          description: "Also sends messages that were stored from this time on, before the endpoint existed.",
        }),
      ),
    ),
    backlog: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 100_000,
          description:
            "Keeps this many of the waiting deliveries, the newest, and discards the others. Null: keeps all.",
        }),
      ),
    ),
    resign: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          "For a source: verified requests get a new signature of the provider with the current time. Needs `secrets:read`. Refused for providers whose signatures only they can make.",
      }),
    ),
    resume: Type.Optional(
      Type.Boolean({ default: false, description: "A reconnection: changes neither the endpoint nor its backlog." }),
    ),
  },
  { $id: "RelaySessionIn" },
);

export const RelaySessionOut = Type.Object(
  {
    id: Type.String(),
    ticket: Type.String({ description: "Connects once, within a minute." }),
    ticketExpiresAt: DateTime,
    endpointId: Type.String(),
    endpointUid: nullable(Name),
    createdEndpoint: Type.Boolean(),
    backlog: Type.Integer({ description: "Deliveries that wait." }),
    backlogExact: Type.Boolean({ description: "Whether `backlog` is exact, and not a lower bound." }),
  },
  { $id: "RelaySessionOut" },
);

export const RelayListenerOut = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    transport: Type.String({ description: "`websocket` or `event-stream`." }),
    connectedAt: DateTime,
    nodeId: Type.Integer({ description: "The node that has the connection." }),
  },
  { $id: "RelayListenerOut" },
);

export const RelayListenerList = Type.Object({ data: Type.Array(ref(RelayListenerOut)) }, { $id: "RelayListenerList" });

export const RelayFramesIn = Type.Object(
  { frames: Type.Array(Type.String({ maxLength: 300_000 }), { minItems: 1, maxItems: 100 }) },
  { $id: "RelayFramesIn" },
);

export const ListenTokenIn = Type.Object(
  {
    name: Type.Intersect([ListenerName], {
      description: "Name of the endpoint of the listener. It is created if there is none.",
    }),
    share: Type.Optional(ShareIn),
    eventTypes: Type.Optional(EventTypesIn),
    filter: Type.Optional(FilterIn),
    expiry: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: 7_776_000,
        default: 604_800,
        description: "In seconds; 7 days by default.",
      }),
    ),
  },
  { $id: "ListenTokenIn" },
);

const tokenFields = {
  id: Type.String(),
  name: Type.String(),
  tokenCensored: Type.String(),
  endpointId: Type.String(),
  createdAt: DateTime,
  expiresAt: DateTime,
};

export const ListenTokenOut = Type.Object(tokenFields, { $id: "ListenTokenOut" });
export const ListenTokenCreated = Type.Object(
  { ...tokenFields, token: Type.String({ description: "The token. Only this response contains it." }) },
  { $id: "ListenTokenCreated" },
);
export const ListenTokenList = Type.Object(
  { data: Type.Array(ref(ListenTokenOut)) },
  { $id: "ListenTokenList", description: "Oldest first." },
);

export const RELAY_MODELS = [
  RelaySessionIn,
  RelaySessionOut,
  RelayListenerOut,
  RelayListenerList,
  RelayFramesIn,
  ListenTokenIn,
  ListenTokenOut,
  ListenTokenCreated,
  ListenTokenList,
] as const;
