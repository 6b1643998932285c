/** Lists that can be exported, with their columns in CSV. Each is read through the route of the list, which checks and masks it. */
import { listApplications } from "../application/list.ts";
import { listAttemptsByEndpoint } from "../attempt/list-by-endpoint.ts";
import { listAllEndpoints } from "../endpoint/list-all.ts";
import { listEventTypes } from "../event-type/list.ts";
import { listIncidents } from "../incident/list.ts";
import { searchMessages } from "../message/search.ts";
import { listAllReplays } from "../replay/list-all.ts";
import type { Route } from "../route.ts";
import { listSources } from "../source/list.ts";

export interface ListExport {
  readonly name: string;
  /** Route of the list. */
  readonly route: Route;
  /** Query parameters that the export sets. */
  readonly fixed: Readonly<Record<string, string>>;
  /** Parameters of the path of the route, which the export takes from the query. */
  readonly params: readonly string[];
  readonly columns: readonly string[];
  /** Members of the rows that NDJSON leaves out, such as URLs with a secret. */
  readonly omitted?: readonly string[];
  readonly what: string;
}

const MESSAGE_COLUMNS = [
  "id",
  "eventType",
  "eventId",
  "appId",
  "appUid",
  "appName",
  "timestamp",
  "channels",
  "tags",
  "contentType",
  "payloadBytes",
  "deliveries.succeeded",
  "deliveries.failed",
  "deliveries.retrying",
  "deliveries.pending",
  "deliveries.held",
  "deliveries.canceled",
];

export const LIST_EXPORTS: readonly ListExport[] = [
  {
    name: "applications",
    route: listApplications,
    fixed: {},
    params: [],
    columns: ["id", "uid", "name", "metadata", "createdAt", "updatedAt"],
    what: "applications",
  },
  {
    name: "endpoints",
    route: listAllEndpoints,
    fixed: {},
    params: [],
    columns: [
      "id",
      "uid",
      "url",
      "description",
      "kind",
      "appId",
      "appName",
      "state",
      "health",
      "failingSince",
      "successRate",
      "lastEventAt",
      "queued",
      "createdAt",
    ],
    what: "endpoints of all applications and sources",
  },
  {
    name: "messages",
    route: searchMessages,
    fixed: {},
    params: [],
    columns: MESSAGE_COLUMNS,
    what: "messages of applications and sources, without payloads",
  },
  {
    name: "events",
    route: searchMessages,
    fixed: { direction: "in" },
    params: [],
    columns: MESSAGE_COLUMNS,
    what: "events received by sources, without payloads",
  },
  {
    name: "attempts",
    route: listAttemptsByEndpoint,
    fixed: { with_content: "false" },
    params: ["app_id", "endpoint_id"],
    columns: [
      "id",
      "msgId",
      "endpointId",
      "url",
      "status",
      "statusText",
      "triggerType",
      "responseStatusCode",
      "responseDurationMs",
      "errorCode",
      "timestamp",
    ],
    what: "attempts to an endpoint, without responses",
  },
  {
    name: "sources",
    route: listSources,
    fixed: {},
    params: [],
    columns: ["id", "uid", "name", "type", "kind", "state", "metadata", "createdAt", "updatedAt"],
    omitted: ["ingestUrl"],
    what: "sources, without their URLs",
  },
  {
    name: "event-types",
    route: listEventTypes,
    fixed: { with_content: "false" },
    params: [],
    columns: ["name", "description", "archived", "deprecated", "groupName", "featureFlags", "createdAt", "updatedAt"],
    omitted: ["schemas"],
    what: "event types, without schemas",
  },
  {
    name: "incidents",
    route: listIncidents,
    fixed: {},
    params: [],
    columns: [
      "id",
      "host",
      "cause",
      "state",
      "applications",
      "endpoints",
      "events",
      "attempts",
      "firstAt",
      "lastAt",
      "mutedUntil",
      "resolvedAt",
    ],
    what: "incidents",
  },
  {
    name: "replays",
    route: listAllReplays,
    fixed: {},
    params: [],
    columns: [
      "id",
      "task",
      "status",
      "reason",
      "appId",
      "appName",
      "requestedBy",
      "requestedByName",
      "progress.percent",
      "progress.matched",
      "progress.sent",
      "error",
      "createdAt",
      "endedAt",
    ],
    what: "replays and recoveries of all applications",
  },
];
