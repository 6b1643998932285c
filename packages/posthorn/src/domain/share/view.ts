/** What a shared link shows. Each view is committed to the audit log before it is returned. */
import { sql } from "kysely";
import { systemActor } from "../access.ts";
import { appendEntry } from "../audit/append.ts";
import { getAttemptDetail } from "../attempt/get-detail.ts";
import type { Attempt } from "../attempt/attempt.ts";
import { listAttemptsByMessage } from "../attempt/list.ts";
import type { OutsideContext, Services } from "../context.ts";
import { getMessage } from "../message/find.ts";
import { MASK, redactBody, redactHeader, type ShownBody } from "./redact.ts";
import { openShareLink, type OpenLink } from "./share.ts";

export interface SharedHeader {
  readonly name: string;
  readonly value: string;
}

export interface SharedAttempt {
  readonly id: string;
  readonly timestamp: number;
  readonly isSuccess: boolean;
  readonly responseCode: number;
  readonly durationMs: number;
  /** Scheme and host: the rest of the URL can contain secrets. */
  readonly origin: string;
  /** `null`: the link is to the message, which lists its attempts only. */
  readonly detail: {
    readonly method: string | null;
    readonly requestHeaders: readonly SharedHeader[];
    readonly responseHeaders: readonly SharedHeader[];
    readonly responseBody: ShownBody;
  } | null;
}

export interface SharedView {
  readonly expiresAt: number;
  readonly message: {
    readonly id: string;
    readonly eventType: string;
    readonly timestamp: number;
    readonly contentType: string;
    readonly body: ShownBody;
  };
  readonly attempts: readonly SharedAttempt[];
}

export interface ViewRequest {
  readonly token: string;
  readonly ip: string;
  readonly userAgent: string | null;
}

/** Maximum number of attempts listed. */
const MAX_ATTEMPTS = 50;

/** Returns what the link shows; `null` if it is unknown, expired or revoked, or its message no longer exists. */
export async function viewShareLink(services: Services, request: ViewRequest): Promise<SharedView | null> {
  const open = await openShareLink(services, request.token);
  if (open === null) return null;
  const { link } = open;
  const actor = systemActor(open.orgId, open.orgPublicId);
  const ctx: OutsideContext = { services, actor, tx: null, operation: "share.view" };
  const { message } = await getMessage({ ctx, input: { app: link.appId, message: link.messageId, withContent: true } });
  const attempts = await attemptsOf(ctx, open);
  await recordView(services, open, request);
  return {
    expiresAt: link.expiresAt,
    message: {
      id: message.id,
      eventType: message.eventType,
      timestamp: message.timestamp,
      contentType: message.contentType,
      body: redactBody(message.payload, link.redaction),
    },
    attempts,
  };
}

async function attemptsOf(ctx: OutsideContext, { link }: OpenLink): Promise<readonly SharedAttempt[]> {
  const { appId: app, messageId: message, attemptId, redaction } = link;
  if (attemptId === null) {
    const none = { eventTypes: null, channel: null, tag: null, before: null, after: null };
    const filter = { ...none, status: null, statusCodeClass: null, endpoint: null };
    const input = { app, message, limit: MAX_ATTEMPTS, iterator: null, ...filter };
    const { rows } = await listAttemptsByMessage({ ctx, input });
    return rows.map((attempt) => ({ ...summaryOf(attempt), detail: null }));
  }
  const { attempt, facts } = await getAttemptDetail({ ctx, input: { app, message, attempt: attemptId } });
  const headers = (flat: readonly (string | null)[]): readonly SharedHeader[] =>
    flat.flatMap((name, index) =>
      index % 2 === 0
        ? [{ name: String(name), value: redactHeader(String(name), flat[index + 1] ?? null, redaction) }]
        : [],
    );
  const detail = {
    method: facts?.method ?? null,
    requestHeaders: headers(facts?.headers ?? []),
    responseHeaders: headers(facts?.response?.headers ?? []),
    responseBody: redactBody(attempt.response === "" ? null : Buffer.from(attempt.response), redaction),
  };
  return [{ ...summaryOf(attempt), detail }];
}

function summaryOf({ id, timestamp, status, responseCode, durationMs, url }: Attempt) {
  const origin = URL.canParse(url) ? new URL(url).origin : MASK;
  return { id, timestamp, isSuccess: status === 0, responseCode, durationMs, origin };
}

/** One transaction for the entry and the count of views. A link that was revoked in the meantime is still counted: it was open. */
async function recordView(services: Services, { link, orgId, orgPublicId, appKey }: OpenLink, request: ViewRequest) {
  const target =
    link.attemptId === null
      ? { kind: "message", id: link.messageId, name: null }
      : { kind: "attempt", id: link.attemptId, name: null };
  await services.store.transaction(async (tx) => {
    await tx.db
      .updateTable("share_link")
      .set({ views: sql<number>`views + 1`, last_viewed_at: services.now() })
      .where("id", "=", link.key)
      .execute();
    await appendEntry(
      services,
      tx,
      { orgId, orgPublicId },
      {
        type: "view",
        action: "share.view",
        actor: { kind: "link", id: link.id, name: link.createdBy },
        target,
        application: { key: appKey, id: link.appId },
        detail: { facts: { message: link.messageId } },
        ip: request.ip,
        userAgent: request.userAgent,
      },
    );
  }, "share.view");
}
