/** Tools that read. */
import type { ToolDeclaration } from "../tool.ts";

const MESSAGE_FILTERS = ["event_types", "channel", "tag", "before", "after", "with_content"] as const;
/** Lists show no payloads unless they are asked for: a page of them would fill the context of a model. */
const WITHOUT_CONTENT = { with_content: false } as const;

export const READ_TOOLS: readonly ToolDeclaration[] = [
  {
    name: "overview_read",
    title: "Read the state of deliveries",
    description:
      "Start here to find out what is wrong: success rate and latency, current issues with their causes, and load. Times are RFC 3339.",
    kind: "read",
    actions: {
      summary: {
        operation: "v1.statistics.summary",
        summary: "Deliveries, success rate and latency in a period.",
        audience: "organisation",
        query: ["app_id", "endpoint_id", "since", "until"],
      },
      app_summary: {
        operation: "v1.statistics.summary-of-application",
        summary: "Deliveries, success rate and latency of one application in a period.",
        query: ["endpoint_id", "since", "until"],
      },
      issues: {
        operation: "v1.issue.list",
        summary: "Endpoints, sources and nodes that need attention, with the cause.",
        audience: "organisation",
        query: ["app_id", "after", "limit"],
      },
      now: {
        operation: "v1.statistics.now",
        summary: "Deliveries that are queued, in progress and on hold at this moment.",
        audience: "organisation",
      },
    },
  },
  {
    name: "search_read",
    title: "Search by ID or text",
    description: "Find applications, endpoints, messages, sources and event types by ID, uid, name or URL.",
    kind: "read",
    actions: {
      search: {
        operation: "v1.search",
        summary: "Search.",
        audience: "organisation",
        query: ["q", "kinds"],
      },
    },
  },
  {
    name: "applications_read",
    title: "Read applications",
    description: "Applications are the customers that receive webhooks. `app` accepts an ID or a uid.",
    kind: "read",
    actions: {
      list: {
        operation: "v1.application.list",
        summary: "List.",
        audience: "organisation",
        query: ["search", "order"],
      },
      get: { operation: "v1.application.get", summary: "One application." },
    },
  },
  {
    name: "endpoints_read",
    title: "Read endpoints",
    description:
      "Endpoints of an application or source, their state (circuit breaker, pause, backlog), figures, retry policy and filter. Shows no secrets.",
    kind: "read",
    actions: {
      list: { operation: "v1.endpoint.list", summary: "List.", query: ["order"] },
      get: { operation: "v1.endpoint.get", summary: "One endpoint." },
      state: { operation: "v1.endpoint.get-state", summary: "Why it does or does not receive deliveries now." },
      stats: { operation: "v1.endpoint.get-stats", summary: "Deliveries by state.", query: ["since", "until"] },
      policy: { operation: "v1.endpoint.get-policy", summary: "Retry, timeout and circuit breaker settings in force." },
      filter: { operation: "v1.endpoint.get-filter", summary: "Its filter on payloads." },
    },
  },
  {
    name: "event_types_read",
    title: "Read event types",
    description: "The event types that can be published, with their JSON Schemas.",
    kind: "read",
    actions: {
      list: {
        operation: "v1.event-type.list",
        summary: "List.",
        query: ["include_archived", "with_content"],
        defaults: WITHOUT_CONTENT,
      },
      get: { operation: "v1.event-type.get", summary: "One event type with its schema." },
    },
  },
  {
    name: "messages_read",
    title: "Read messages",
    description:
      "Published messages, or events of a source if `app` is the ID of a source. Lists leave payloads out unless `with_content` is true.",
    kind: "read",
    actions: {
      list: {
        operation: "v1.message.list",
        summary: "Newest first.",
        query: MESSAGE_FILTERS,
        defaults: WITHOUT_CONTENT,
      },
      get: { operation: "v1.message.get", summary: "One message with its payload.", query: ["with_content"] },
      deliveries: { operation: "v1.message.list-deliveries", summary: "State of its delivery to each endpoint." },
    },
  },
  {
    name: "message_explain",
    title: "Explain which endpoints got a message",
    description: "For each endpoint, whether the message matched it, and if not, why.",
    kind: "read",
    actions: { explain: { operation: "v1.message.get-matching", summary: "Explain." } },
  },
  {
    name: "attempts_read",
    title: "Read delivery attempts",
    description: "HTTP attempts with status code and duration, of one endpoint or one message. Newest first.",
    kind: "read",
    actions: {
      of_endpoint: {
        operation: "v1.message-attempt.list-by-endpoint",
        summary: "Attempts of an endpoint.",
        query: ["status", "status_code_class", ...MESSAGE_FILTERS],
        defaults: WITHOUT_CONTENT,
      },
      of_message: {
        operation: "v1.message-attempt.list-by-msg",
        summary: "Attempts of a message.",
        query: ["status", "status_code_class", "endpoint_id", "with_content"],
        defaults: WITHOUT_CONTENT,
      },
    },
  },
  {
    name: "attempt_explain",
    title: "Explain an attempt",
    description:
      "One attempt with what was sent, what the endpoint responded, and the diagnosis of a failure. Header values that can be secrets are masked.",
    kind: "read",
    actions: { explain: { operation: "v1.message-attempt.get", summary: "Explain." } },
  },
  {
    name: "sources_read",
    title: "Read sources",
    description: "Sources receive webhooks and events of providers. Shows no tokens and no secrets.",
    kind: "read",
    actions: {
      list: {
        operation: "v1.ingest.source.list",
        summary: "List.",
        audience: "organisation",
        query: ["order", "kind", "state", "search"],
      },
      get: { operation: "v1.ingest.source.get", summary: "One source.", audience: "organisation" },
      state: {
        operation: "v1.ingest.source.get-state",
        summary: "Whether it works, and why not.",
        audience: "organisation",
      },
      activity: {
        operation: "v1.ingest.activity.get",
        summary: "Whether events arrive as usual.",
        audience: "organisation",
      },
      events: {
        operation: "v1.ingest.event.list",
        summary: "Events it received.",
        audience: "organisation",
        query: ["event_type", "unmatched"],
      },
      event: { operation: "v1.ingest.event.get", summary: "One event with its payload.", audience: "organisation" },
    },
  },
  {
    name: "quarantine_read",
    title: "Read rejected requests",
    description: "Requests to a source that failed verification, and the diagnosis of their signatures.",
    kind: "read",
    actions: {
      list: { operation: "v1.ingest.quarantine.list", summary: "List.", audience: "organisation", query: ["reason"] },
      get: { operation: "v1.ingest.quarantine.get", summary: "One request.", audience: "organisation" },
    },
  },
  {
    name: "schema_read",
    title: "Read inferred schemas",
    description: "Event types of a source with the JSON Schema inferred from its events, and schema changes.",
    kind: "read",
    actions: {
      list: { operation: "v1.ingest.catalogue.list", summary: "List.", audience: "organisation" },
      get: { operation: "v1.ingest.catalogue.get", summary: "One event type.", audience: "organisation" },
    },
  },
  {
    name: "replays_read",
    title: "Read replays",
    description: "Replays that send past messages again, and their progress.",
    kind: "read",
    actions: {
      list: { operation: "v1.replay.list", summary: "Of one application.", query: ["status"] },
      get: { operation: "v1.replay.get", summary: "One replay." },
    },
  },
  {
    name: "wait_for_event",
    title: "Wait for an event",
    description:
      "Waits up to `wait` seconds for the next messages of an application or source, and returns them with their payloads. Without a cursor it waits for new messages, and may also return those of the last 0.3 s. Pass `next_cursor` as `cursor` in the next call, so that none is missed between calls.",
    kind: "read",
    actions: {
      wait: {
        operation: "v1.feed.read",
        summary: "Wait.",
        query: ["cursor", "event_types", "channel", "wait"],
        defaults: { wait: 25, starting_position: "latest" },
      },
    },
  },
];
