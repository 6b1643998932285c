import { type Polled, type PolledDriver, SourceFailure, type SourceHost } from "../driver.ts";
import type { ConfigOf } from "../kind.ts";
import type { WEBSUB } from "../kinds/websub.ts";
import type { Feed } from "../parse/feed.ts";
import { fromSubscription, type Subscription, toSubscription } from "../websub.ts";
import { linkWith, MAX_DOCUMENT_BYTES, requireSuccess } from "./request.ts";

type Config = ConfigOf<(typeof WEBSUB)["fields"]>;

/** Time for the hub to confirm the first request. */
const CONFIRM_MS = 60_000;

/**
 * Requests the subscription, and renews it before it ends. Its confirmation and the updates arrive as requests: `ingest/websub.ts` writes the
 * confirmation into the cursor.
 */
export const WEBSUB_DRIVER: PolledDriver = {
  family: "poll",
  poll: async (host, cursor) => {
    const config = host.config as Config;
    const now = host.now();
    const current = toSubscription(cursor);
    const isCurrent = current !== null && current.callback === host.url;
    if (isCurrent && current.state === "active" && current.renewAt! > now) return waiting(current, current.renewAt!);
    const confirmsUntil = isCurrent ? current.requestedAt + confirmMs(current) : 0;
    if (isCurrent && current.state === "requested" && now < confirmsUntil) return waiting(current, confirmsUntil);
    if (isCurrent && current.state === "found") {
      await request(host, config, current);
      return waiting({ ...current, state: "requested", requestedAt: now }, now + confirmMs(current));
    }
    const found = config.hub === null ? await discover(host, config.url) : { hub: config.hub, topic: config.url };
    const unconfirmed = isCurrent && current.state === "requested" ? current.unconfirmed + 1 : 0;
    // Saved before the request, because a hub may confirm before it responds.
    return waiting(
      { state: "found", ...found, ...NOTHING_YET, callback: host.url, requestedAt: now, unconfirmed },
      now,
    );
  },
};

/** Time for the hub to confirm. It grows while the hub does not. */
function confirmMs({ unconfirmed }: Subscription): number {
  return Math.min(CONFIRM_MS * 2 ** unconfirmed, 3_600_000);
}

const NOTHING_YET = { leasedUntil: null, renewAt: null } as const;

function waiting(subscription: Subscription, at: number): Polled {
  return {
    events: [],
    cursor: fromSubscription(subscription),
    next: { kind: "at", at },
    ...(subscription.unconfirmed > 0 ? { problem: notConfirmed(subscription) } : {}),
  };
}

async function request(host: SourceHost, config: Config, { hub, topic }: Subscription): Promise<void> {
  const body = new URLSearchParams({
    "hub.mode": "subscribe",
    "hub.topic": topic,
    "hub.callback": host.url,
    "hub.secret": config.secret,
    "hub.lease_seconds": String(config.leaseSeconds),
  });
  const response = await host.send({
    method: "POST",
    url: hub,
    headers: ["content-type", "application/x-www-form-urlencoded", "user-agent", "Posthorn"],
    body: Buffer.from(body.toString()),
    maxResponseBytes: 65_536,
  });
  requireSuccess(response, host.now());
}

/** Hub and canonical URL of a topic: in its Link headers, or in the feed (WebSub, section 4). */
async function discover(host: SourceHost, url: string): Promise<{ readonly hub: string; readonly topic: string }> {
  const response = await host.send({
    method: "GET",
    url,
    headers: ["accept", "*/*", "user-agent", "Posthorn"],
    body: null,
    maxResponseBytes: MAX_DOCUMENT_BYTES,
  });
  requireSuccess(response, host.now());
  const inHeaders = linkWith(response, "hub");
  if (inHeaders !== null) return { hub: inHeaders, topic: linkWith(response, "self") ?? url };
  const parsed = await host.parse({ kind: "feed", body: response.body });
  const feed = parsed.kind === "parsed" ? (parsed.value as Feed) : null;
  const hub = (feed?.hub ?? null) === null ? null : URL.parse(feed!.hub!, url);
  if (hub !== null) return { hub: hub.href, topic: feed!.self ?? url };
  throw new SourceFailure("protocol_error", "The topic does not name a hub.", {
    hint: "Enter the URL of the hub, or poll the feed with a source of the kind feed.",
  });
}

function notConfirmed({ hub }: Subscription): SourceFailure {
  return new SourceFailure("target_refused", `The hub ${new URL(hub).host} has not confirmed the subscription.`, {
    hint: "Check that the hub can reach the URL of this server (POSTHORN_PUBLIC_URL or POSTHORN_INGEST_URL).",
  });
}
