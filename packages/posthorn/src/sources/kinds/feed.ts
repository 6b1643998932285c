import { polledKind } from "../kind.ts";
import {
  everySecondsField,
  eventTypeField,
  REQUEST_FIELDS,
  requestProblem,
  START_FIELD,
  URL_FIELD,
} from "./request-fields.ts";

export const FEED = polledKind({
  family: "poll",
  title: "RSS, Atom or JSON Feed",
  summary: "Emits an event for each new entry of a feed.",
  group: "web",
  fields: {
    url: { ...URL_FIELD, example: "https://blog.example.com/feed.xml" },
    ...REQUEST_FIELDS,
    everySeconds: everySecondsField(900),
    start: START_FIELD,
    eventType: eventTypeField("feed.entry"),
  },
  events: [
    {
      type: "{eventType}",
      description:
        "A new entry. An entry is recognised by its ID (`guid`, `id`), otherwise by its link, otherwise by its title and time. A changed entry with the same ID is not a new entry.",
    },
  ],
  repeats: "dropped",
  setup: [
    "Enter the URL of the feed.",
    "If the events name a WebSub hub, a source of the kind `websub` receives entries as soon as they are published.",
  ],
  everyMs: ({ everySeconds }) => everySeconds * 1000,
  check: requestProblem,
  target: ({ url }) => url,
});
