/** Replay of messages that the reader selected in a list. */

/** Which deliveries of the messages are sent again. */
export const REPLAYED = ["failed", "all"] as const;
export type ReplayedStatuses = (typeof REPLAYED)[number];

const STATUSES = {
  failed: ["fail", "sending"],
  all: ["fail", "sending", "canceled", "success"],
} as const;
/** Message times are rounded, so the range must be wider. */
const SLACK_MS = 1000;

/** Request of a replay of these messages, and of its dry run. */
export function replayBody(
  messages: readonly { readonly id: string; readonly timestamp: string }[],
  which: ReplayedStatuses,
) {
  const times = messages.map(({ timestamp }) => Date.parse(timestamp));
  return {
    messages: messages.map(({ id }) => id),
    since: new Date(Math.min(...times) - SLACK_MS).toISOString(),
    until: new Date(Math.max(...times) + SLACK_MS).toISOString(),
    statuses: [...STATUSES[which]],
    order: "oldest" as const,
  };
}
