import { compilePath, JsonPathError } from "../../lib/json-path.ts";
import { polledKind } from "../kind.ts";
import {
  everySecondsField,
  eventTypeField,
  REQUEST_FIELDS,
  requestProblem,
  START_FIELD,
  URL_FIELD,
} from "./request-fields.ts";

export const HTTP_POLL = polledKind({
  family: "poll",
  title: "HTTP",
  summary: "Polls a URL, and emits an event for each change, each new item of a JSON list, or each response.",
  group: "web",
  fields: {
    url: { ...URL_FIELD, example: "https://api.example.com/orders" },
    method: {
      type: "choice",
      label: "Method",
      help: "HEAD reads only headers: a change of ETag, Last-Modified or Docker-Content-Digest is a change.",
      required: false,
      secret: false,
      choices: ["GET", "HEAD", "POST"],
      default: "GET",
    },
    body: {
      type: "text",
      label: "Body",
      help: "Body of POST requests. Set its content type in the headers; the default is application/json.",
      required: false,
      secret: false,
      maxLength: 65_536,
      multiline: true,
      example: '{"query": "{ orders { id } }"}',
    },
    ...REQUEST_FIELDS,
    everySeconds: everySecondsField(300),
    emit: {
      type: "choice",
      label: "Emit",
      help: "`changes`: the response, when it differs from the last one. `items`: each new item of a list. `always`: every response, including errors, for conditions on its status or values.",
      required: false,
      secret: false,
      choices: ["changes", "items", "always"],
      default: "changes",
    },
    items: {
      type: "text",
      label: "Items",
      help: "JSONPath of the items in the response.",
      required: false,
      secret: false,
      maxLength: 256,
      example: "$.data[*]",
    },
    itemId: {
      type: "text",
      label: "Item ID",
      help: "JSONPath of the ID within an item. An item is new if its ID is.",
      required: false,
      secret: false,
      maxLength: 256,
      default: "$.id",
    },
    order: {
      type: "choice",
      label: "Order of items",
      help: "How the response orders its items. Events are emitted from the oldest to the newest.",
      required: false,
      secret: false,
      choices: ["newest-first", "oldest-first"],
      default: "newest-first",
    },
    paging: {
      type: "choice",
      label: "Pages",
      help: "`link`: the next page is in the Link header. `cursor`: a value of the response is sent as a query parameter. Pages are read until one has no new item.",
      required: false,
      secret: false,
      choices: ["none", "link", "cursor"],
      default: "none",
    },
    nextCursor: {
      type: "text",
      label: "Cursor of the next page",
      help: "JSONPath of the cursor in the response.",
      required: false,
      secret: false,
      maxLength: 256,
      example: "$.next_cursor",
    },
    cursorParameter: {
      type: "text",
      label: "Query parameter of the cursor",
      help: "Name of the query parameter that the cursor is sent in.",
      required: false,
      secret: false,
      maxLength: 128,
      example: "cursor",
    },
    maxPages: {
      type: "integer",
      label: "Most pages",
      help: "Maximum number of pages per poll.",
      required: false,
      secret: false,
      minimum: 1,
      maximum: 20,
      default: 5,
    },
    start: START_FIELD,
    eventType: eventTypeField("http.event"),
  },
  events: [{ type: "{eventType}", description: "A change, a new item, or a response, depending on `emit`." }],
  repeats: "dropped",
  setup: [
    "Enter the URL and, if it needs one, its authentication.",
    "Choose what becomes an event. For items, enter where the list is in the response, and the ID in each item.",
  ],
  everyMs: ({ everySeconds }) => everySeconds * 1000,
  check: (config) => {
    if (config.emit === "items" && config.items === null) {
      return { field: "items", problem: "Enter where the items are, such as $.data[*]." };
    }
    if (config.emit === "items" && config.method === "HEAD") {
      return { field: "method", problem: "HEAD reads no items. Use GET or POST." };
    }
    if (config.body !== null && config.method !== "POST") {
      return { field: "body", problem: "Only POST requests have a body." };
    }
    if (config.paging !== "none" && config.emit !== "items") {
      return { field: "paging", problem: "Only items are read in pages." };
    }
    if (config.paging === "cursor" && (config.nextCursor === null || config.cursorParameter === null)) {
      return { field: "nextCursor", problem: "Enter the path of the cursor and its query parameter." };
    }
    for (const field of ["items", "itemId", "nextCursor"] as const) {
      const problem = config[field] === null ? null : pathProblem(config[field]);
      if (problem !== null) return { field, problem };
    }
    return requestProblem(config);
  },
  target: ({ url }) => url,
});

function pathProblem(path: string): string | null {
  try {
    compilePath(path);
    return null;
  } catch (error) {
    if (error instanceof JsonPathError) return error.message;
    throw error;
  }
}
