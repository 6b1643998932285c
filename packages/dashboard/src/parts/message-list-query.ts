/** The list of messages that match filters: shared by the list itself and by the pages of its messages. */
import { api, must } from "../api/client.ts";
import { type List, type ListOptions, useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { type MessageFilter, toSearchQuery } from "../lib/message-filter.ts";

export type FoundMessage = components["schemas"]["FoundMessageOut"];

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** Filters of the list from which a message was opened. */
    messageList?: MessageFilter;
  }
}

export function useMessageList(filter: MessageFilter, options?: ListOptions): List<FoundMessage> {
  return useList(
    ["messages", filter],
    (page) =>
      must(
        api.GET("/api/v1/message", {
          params: { query: { ...page, ...toSearchQuery(filter, Date.now()) } },
          // The API takes event types as a comma-separated list.
          querySerializer: { array: { style: "form", explode: false } },
        }),
      ),
    options,
  );
}
