import type { OutsideCall } from "../context.ts";
import { getSource } from "./find.ts";

export interface SendSample {
  readonly source: string;
  readonly eventType: string;
  readonly payload: unknown;
}

/** Stores an event as if the source had received it, so that routes and watches can be tried. Returns the message ID. */
export async function sendSample({ ctx, input }: OutsideCall<SendSample>): Promise<string> {
  const { ids, sources } = ctx.services;
  const { key } = await getSource(ctx, input.source);
  const id = `sample/${ids.next("msg_").id}`;
  return sources.sample(key, { id, type: input.eventType, body: Buffer.from(JSON.stringify(input.payload)) });
}
