import { Type } from "typebox";
import { MAX_SUBSCRIPTIONS, LEASE_DEFAULTS } from "../../domain/websub/topic.ts";
import { ChannelName, DateTime, listOf, Name, nullable, ref, secretUrl, Url } from "./common.ts";

const Lease = Type.Integer({ minimum: 60, maximum: 31_536_000 });

const DISABLED = "Refuses new subscriptions and renewals, and reading. Subscriptions end with their leases.";

const FIELDS = {
  description: Type.Optional(Type.String({ maxLength: 1000 })),
  eventTypes: Type.Optional(
    nullable(Type.Array(Name, { maxItems: 250, description: "Events of the topic. Null: all types." })),
  ),
  channels: Type.Optional(nullable(Type.Array(ChannelName, { maxItems: 10, description: "Null: all." }))),
  disabled: Type.Optional(Type.Boolean({ default: false, description: DISABLED })),
  leaseSeconds: Type.Optional(
    Type.Object(
      {
        min: Type.Optional({ ...Lease, default: LEASE_DEFAULTS.min }),
        max: Type.Optional({ ...Lease, default: LEASE_DEFAULTS.max }),
        default: Type.Optional({ ...Lease, default: LEASE_DEFAULTS.default }),
      },
      {
        description:
          "How long subscriptions last without renewal. Requests for shorter or longer leases get the shortest or longest.",
      },
    ),
  ),
  maxSubscriptions: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 10_000, default: MAX_SUBSCRIPTIONS, description: "Further ones are denied." }),
  ),
} as const;

/** Query parameter of the lists of subscriptions. */
export const UrlSearch = Type.Optional(
  Type.String({ minLength: 1, maxLength: 256, description: "A part of the URL, in any case." }),
);

export const WebSubTopicIn = Type.Object(FIELDS, {
  $id: "WebSubTopicIn",
  description: "A topic of the WebSub hub: events of an application that third parties can subscribe to.",
});

/** Without defaults: an omitted field does not change. */
const CHANGES = {
  ...FIELDS,
  disabled: Type.Optional(Type.Boolean({ description: DISABLED })),
  leaseSeconds: Type.Optional(
    Type.Object({ min: Type.Optional(Lease), max: Type.Optional(Lease), default: Type.Optional(Lease) }),
  ),
  maxSubscriptions: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
} as const;

export const WebSubTopicPatch = Type.Object(CHANGES, {
  $id: "WebSubTopicPatch",
  description: "Omitted fields do not change.",
});

export const WebSubTopicOut = Type.Object(
  {
    id: Type.String(),
    url: secretUrl(
      Type.String({ description: "For subscribers (`hub.topic`). Anyone with it can read the topic and subscribe." }),
    ),
    hub: Type.String({ description: "URL of the hub. Subscribers find it in the Link header of the topic." }),
    description: Type.String(),
    eventTypes: nullable(Type.Array(Type.String())),
    channels: nullable(Type.Array(Type.String())),
    disabled: Type.Boolean(),
    leaseSeconds: Type.Object({ min: Type.Integer(), max: Type.Integer(), default: Type.Integer() }),
    maxSubscriptions: Type.Integer(),
    createdAt: DateTime,
    updatedAt: DateTime,
  },
  { $id: "WebSubTopicOut" },
);

export const WebSubTopicList = listOf(WebSubTopicOut);

const SubscriptionState = Type.Union([Type.Literal("active"), Type.Literal("disabled")], {
  description: "`disabled`: its endpoint was disabled, by Posthorn after failures or through the API.",
});

export const WebSubSubscriptionOut = Type.Object(
  {
    id: Type.String(),
    topicId: Type.String(),
    callback: Type.String(),
    endpointId: Type.String({ description: "The endpoint that delivers to it, with attempts, statistics and state." }),
    state: SubscriptionState,
    isSigned: Type.Boolean({ description: "Whether the subscriber has given a `hub.secret`." }),
    leaseSeconds: Type.Integer(),
    expiresAt: DateTime,
    createdAt: DateTime,
    renewedAt: Type.String({ format: "date-time", description: "When the subscriber last confirmed it." }),
  },
  { $id: "WebSubSubscriptionOut" },
);

export const WebSubSubscriptionList = listOf(WebSubSubscriptionOut);

export const WebSubRequestOut = Type.Object(
  {
    id: Type.String(),
    topicId: Type.String(),
    mode: Type.Union([Type.Literal("subscribe"), Type.Literal("unsubscribe")]),
    callback: Type.String(),
    state: Type.Union([Type.Literal("pending"), Type.Literal("failed")], {
      description:
        "`pending`: Posthorn calls the callback, or calls it again later. `failed`: it was not confirmed; nothing was changed.",
    }),
    tries: Type.Integer({ description: "Number of calls to the callback that did not confirm the request." }),
    error: nullable(
      Type.Object(
        {
          code: Type.String({
            description:
              "`address_refused`, `unreachable`, `temporary_error`, `not_confirmed`, `redirected`, `wrong_challenge`, `topic_full` or `topic_disabled`.",
          }),
          message: Type.String(),
          hint: Type.String({ description: "What to check or change." }),
        },
        { description: "Why the last call did not confirm the request. Null: there was no such call." },
      ),
    ),
    createdAt: DateTime,
    lastTryAt: nullable(DateTime),
    nextTryAt: nullable(Type.String({ format: "date-time", description: "Null: it will not be retried." })),
  },
  { $id: "WebSubRequestOut", description: "A request to the hub that its subscriber has not confirmed." },
);

export const WebSubRequestList = listOf(WebSubRequestOut);

export const RestHookIn = Type.Object(
  {
    targetUrl: Type.Optional({
      ...Url,
      description: "Where events are sent. Also accepted as `target_url`, `hookUrl` or `hook_url`.",
    }),
    target_url: Type.Optional(Url),
    hookUrl: Type.Optional(Url),
    hook_url: Type.Optional(Url),
    event: Type.Optional({ ...Name, description: "An event type. Without one, and without `eventTypes`: all." }),
    eventTypes: Type.Optional(Type.Array(Name, { maxItems: 250 })),
    channels: Type.Optional(nullable(Type.Array(ChannelName, { maxItems: 10 }))),
    description: Type.Optional(Type.String({ maxLength: 1000 })),
    handshake: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          "Sends a POST with `X-Hook-Secret` to the URL first, which must return the header. Deliveries then have `X-Hook-Signature`.",
      }),
    ),
  },
  { $id: "RestHookIn", description: "A subscription of an automation platform, such as Zapier, n8n or Make." },
);

export const RestHookOut = Type.Object(
  {
    id: Type.String(),
    targetUrl: Type.String(),
    eventTypes: nullable(Type.Array(Type.String())),
    channels: nullable(Type.Array(Type.String())),
    description: Type.String(),
    endpointId: Type.String({ description: "The endpoint that delivers to it, with attempts, statistics and state." }),
    state: SubscriptionState,
    createdAt: DateTime,
  },
  { $id: "RestHookOut" },
);

export const RestHookList = listOf(RestHookOut);

export const RestHookSamples = Type.Array(Type.Unknown(), {
  $id: "RestHookSamples",
  description: "Payloads as they are delivered, newest first.",
});

export const RestHookTokenIn = Type.Object(
  {
    expiry: Type.Optional(
      nullable(
        Type.Integer({ minimum: 60, maximum: 315_360_000, description: "In seconds. Null: it does not expire." }),
      ),
    ),
  },
  { $id: "RestHookTokenIn" },
);

export const RestHookTokenOut = Type.Object(
  {
    id: Type.String(),
    token: nullable(Type.String({ description: "Only in the response that created it." })),
    tokenCensored: Type.String(),
    createdAt: DateTime,
    expiresAt: nullable(DateTime),
  },
  { $id: "RestHookTokenOut" },
);

export const RestHookTokenList = Type.Object(
  { data: Type.Array(ref(RestHookTokenOut)) },
  { $id: "RestHookTokenList", description: "Oldest first." },
);

export const SUBSCRIPTION_MODELS = [
  WebSubTopicIn,
  WebSubTopicPatch,
  WebSubTopicOut,
  WebSubTopicList,
  WebSubSubscriptionOut,
  WebSubSubscriptionList,
  WebSubRequestOut,
  WebSubRequestList,
  RestHookIn,
  RestHookOut,
  RestHookList,
  RestHookSamples,
  RestHookTokenIn,
  RestHookTokenOut,
  RestHookTokenList,
];
