import { setTimeout as sleep } from "node:timers/promises";
import { type AttemptWithDetail, getAttemptDetail } from "../attempt/get-detail.ts";
import { listAttemptsByMessage } from "../attempt/list.ts";
import type { OutsideCall, OutsideContext } from "../context.ts";
import type { Message } from "../message/message.ts";
import { type SendExample, sendExample } from "../message/send-example.ts";

/** Longest wait for the first attempt. Shorter than the usual timeouts of proxies. */
const MAX_WAIT_MS = 25_000;
const POLL_MS = 100;

export interface EndpointTest {
  readonly message: Message;
  /** The first attempt; `null`: there was none within the time, because deliveries are on hold or wait for others. */
  readonly attempt: AttemptWithDetail | null;
}

/** Sends an example to an endpoint, and waits for its first attempt. */
export async function testEndpoint(call: OutsideCall<SendExample>): Promise<EndpointTest> {
  const message = await sendExample(call);
  return { message, attempt: await firstAttempt(call.ctx, call.input.app, message.id) };
}

/** Reads the database, because another node may own the lane of the endpoint. */
async function firstAttempt(ctx: OutsideContext, app: string, message: string): Promise<AttemptWithDetail | null> {
  const until = performance.now() + MAX_WAIT_MS;
  const none = { eventTypes: null, channel: null, tag: null, before: null, after: null };
  const page = { limit: 1, iterator: null, status: null, statusCodeClass: null };
  while (performance.now() < until) {
    const { rows } = await listAttemptsByMessage({ ctx, input: { ...none, ...page, app, message, endpoint: null } });
    const [attempt] = rows;
    if (attempt !== undefined) return getAttemptDetail({ ctx, input: { app, message, attempt: attempt.id } });
    await sleep(POLL_MS);
  }
  return null;
}
