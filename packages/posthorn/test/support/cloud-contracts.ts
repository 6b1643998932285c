/**
 * Requirements of services for requests, according to their documentation of November 2026. For services that cannot run on a test machine:
 * each function returns the violations for which the service would reject the request.
 */
import { createHmac } from "node:crypto";

export interface SentRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

type Contract = (request: SentRequest) => string | null;
type Members = Readonly<Record<string, unknown>>;

/** Key of the shared access policy in `CLOUD_CONFIGS`. */
const SAS = { resource: "https://acme.servicebus.windows.net/events", keyName: "posthorn", key: "azure-secret-key" };

/** https://learn.microsoft.com/rest/api/servicebus/send-message-to-queue and send-message-batch */
export const serviceBusProblem: Contract = (request) =>
  first(
    request.method === "POST" ? null : "method",
    request.path === "/events/messages" ? null : "path",
    sasProblem(request.headers["authorization"]),
    messagesProblem(request, ["MessageId", "SessionId", "Label", "ContentType"], ["MessageId", "SessionId"]),
  );

/** https://learn.microsoft.com/rest/api/eventhub/send-event and send-batch-events */
export const eventHubsProblem: Contract = (request) =>
  first(
    request.method === "POST" ? null : "method",
    request.path === "/events/messages?api-version=2014-01" ? null : "path",
    sasProblem(request.headers["authorization"]),
    messagesProblem(request, ["PartitionKey"], ["PartitionKey"]),
  );

/** https://learn.microsoft.com/azure/event-grid/cloud-event-schema, CloudEvents 1.0 section 3.1 and its JSON format section 3 */
export const eventGridProblem: Contract = ({ method, path, headers, body }) => {
  const events = parsed(body);
  if (!Array.isArray(events) || events.length === 0) return "the body is not a list of events";
  return first(
    method === "POST" ? null : "method",
    path === "/api/events?api-version=2018-01-01" ? null : "path",
    headers["aeg-sas-key"] === "azure-secret-key" ? null : "key",
    /^application\/cloudevents-batch\+json(; charset=utf-8)?$/.test(headers["content-type"] ?? "")
      ? null
      : "content type",
    body.byteLength <= 1_048_576 ? null : "size",
    ...events.map((event) => cloudEventProblem(event as Members)),
  );
};

/** https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish */
export const pubSubProblem: Contract = ({ method, path, headers, body }) => {
  const { messages, ...others } = asMembers(parsed(body));
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > 1000) return "messages";
  return first(
    method === "POST" ? null : "method",
    /^\/v1\/projects\/[a-z][a-z0-9-]{4,28}[a-z0-9]\/topics\/[A-Za-z][\w.~+%-]{2,254}:publish$/.test(path)
      ? null
      : "path",
    /^Bearer \S+$/.test(headers["authorization"] ?? "") ? null : "token",
    headers["content-type"] === "application/json" ? null : "content type",
    Object.keys(others).length === 0 ? null : "unknown members",
    ...messages.map((message) => pubSubMessageProblem(message as Members)),
  );
};

/** https://clickhouse.com/docs/interfaces/http and https://clickhouse.com/docs/operations/settings/settings */
export const clickHouseProblem: Contract = ({ method, path, headers, body }) => {
  const { searchParams } = new URL(path, "https://stub");
  const insert = /^INSERT INTO (`(?:[^`\\]|\\.)+`) (\((?:`(?:[^`\\]|\\.)+`(?:, )?)+\) )?FORMAT JSONEachRow$/s.exec(
    searchParams.get("query") ?? "",
  );
  if (insert === null) return "query";
  const columns = [...(insert[2] ?? "").matchAll(/`((?:[^`\\]|\\.)+)`/gs)].map(([, name]) =>
    name!.replace(/\\(.)/gs, "$1"),
  );
  const rows = body
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => asMembers(parsed(Buffer.from(line))));
  const token = searchParams.get("insert_deduplication_token") ?? "";
  const settings = { insert_deduplicate: "1", wait_end_of_query: "1", async_insert: "0" };
  return first(
    method === "POST" ? null : "method",
    headers["x-clickhouse-user"] === "posthorn" && headers["x-clickhouse-key"] === "clickhouse-secret-key"
      ? null
      : "user",
    token !== "" && token.length <= 500 ? null : "token",
    Object.entries(settings).every(([name, value]) => searchParams.get(name) === value) ? null : "settings",
    rows.every((row) => Object.keys(row).length > 0) ? null : "a row is not an object",
    columns.length === 0 || rows.every((row) => Object.keys(row).every((name) => columns.includes(name)))
      ? null
      : "columns",
  );
};

function cloudEventProblem(event: Members): string | null {
  const { specversion, id, source, type, time, data_base64: base64 } = event;
  return first(
    specversion === "1.0" ? null : "specversion",
    ...[id, source, type].map((value) => (typeof value === "string" && value !== "" ? null : "id, source or type")),
    typeof time === "string" && new Date(time).toISOString() === time ? null : "time",
    "data" in event && "data_base64" in event ? "two kinds of data" : null,
    base64 === undefined || isBase64(base64) ? null : "data_base64",
    Object.keys(event).every((name) => /^[a-z0-9]{1,20}$/.test(name) || name === "data_base64")
      ? null
      : "name of an attribute",
  );
}

function pubSubMessageProblem({ data, attributes, orderingKey, ...others }: Members): string | null {
  const entries = Object.entries(asMembers(attributes));
  return first(
    isBase64(data) ? null : "data",
    data !== "" || entries.length > 0 ? null : "neither data nor attributes",
    entries.length <= 100 ? null : "attributes",
    entries.every(([name, value]) => {
      const isNamed = name !== "" && Buffer.byteLength(name) <= 256 && !name.startsWith("goog");
      return isNamed && typeof value === "string" && Buffer.byteLength(value) <= 1024;
    })
      ? null
      : "attribute",
    orderingKey === undefined || (typeof orderingKey === "string" && Buffer.byteLength(orderingKey) <= 1024)
      ? null
      : "ordering key",
    Object.keys(others).length === 0 ? null : "unknown members",
  );
}

function messagesProblem(
  { headers, body }: SentRequest,
  known: readonly string[],
  required: readonly string[],
): string | null {
  const check = (properties: Members): string | null => {
    const values = Object.entries(properties);
    return first(
      values.every(([name]) => known.includes(name)) ? null : "unknown broker property",
      values.every(([name, value]) => typeof value === "string" && (name === "Label" || value.length <= 128))
        ? null
        : "broker property",
      required.every((name) => properties[name] !== undefined && properties[name] !== "")
        ? null
        : "missing broker property",
    );
  };
  if (headers["content-type"] !== "application/vnd.microsoft.servicebus.json") {
    return check(asMembers(parsed(Buffer.from(headers["brokerproperties"] ?? ""))));
  }
  // Properties in headers are ignored in a batch.
  const messages = parsed(body);
  if (!Array.isArray(messages) || headers["brokerproperties"] !== undefined) return "batch";
  return first(
    ...messages.map((message) => {
      const {
        Body: text,
        IsBodyBase64: isEncoded,
        BrokerProperties: properties,
        UserProperties: user,
        ...others
      } = message as Members;
      return first(
        typeof text === "string" && (isEncoded !== true || isBase64(text)) ? null : "body",
        Object.values(asMembers(user)).every((value) => typeof value === "string") ? null : "user property",
        Object.keys(others).length === 0 ? null : "unknown members",
        check(asMembers(properties)),
      );
    }),
  );
}

/** https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas */
function sasProblem(authorization = ""): string | null {
  const match = /^SharedAccessSignature sr=([^&]+)&sig=([^&]+)&se=(\d+)&skn=([^&]+)$/.exec(authorization);
  if (match === null) return "authorization";
  const [, resource, signature, expiry, keyName] = match;
  const expected = createHmac("sha256", SAS.key).update(`${resource!}\n${expiry!}`).digest("base64");
  const seconds = Number(expiry) - Date.now() / 1000;
  return first(
    decodeURIComponent(resource!) === SAS.resource ? null : "resource of the signature",
    decodeURIComponent(signature!) === expected ? null : "signature",
    decodeURIComponent(keyName!) === SAS.keyName ? null : "name of the key",
    seconds > 60 && seconds <= 3600 ? null : "expiry",
  );
}

function first(...problems: readonly (string | null)[]): string | null {
  return problems.find((problem) => problem !== null) ?? null;
}

function isBase64(value: unknown): boolean {
  return typeof value === "string" && Buffer.from(value, "base64").toString("base64") === value;
}

function asMembers(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return null;
  }
}
