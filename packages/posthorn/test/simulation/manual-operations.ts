/** Manual operations on an endpoint, or on everything sent to it, while it fails. */
import type { Context } from "../../src/domain/context.ts";
import { cancelMessage } from "../../src/domain/delivery/cancel.ts";
import { STATUS } from "../../src/domain/delivery/delivery.ts";
import { enableEndpoint, type HeldChoice, pauseEndpoint, resumeEndpoint } from "../../src/domain/endpoint/set-flow.ts";
import { tryEndpointNow } from "../../src/domain/endpoint/try-now.ts";
import { unblockEndpoint } from "../../src/domain/endpoint/unblock.ts";
import { cancelReplay, pauseReplay, resumeReplay } from "../../src/domain/replay/control.ts";
import { NO_FILTER } from "../../src/domain/replay/replay.ts";
import { startReplay } from "../../src/domain/replay/start.ts";
import type { Random } from "./random.ts";

const NAMES = [
  "pause",
  "resume",
  "enable_with",
  "try_now",
  "unblock",
  "cancel_next",
  "replay",
  "pause_replay",
  "resume_replay",
  "cancel_replay",
] as const;
export type ManualOperation = (typeof NAMES)[number];

export function isManual(name: string): name is ManualOperation {
  return (NAMES as readonly string[]).includes(name);
}

export interface ManualCall {
  readonly ctx: Context;
  readonly app: string;
  /** ID of the target endpoint, and of all endpoints. */
  readonly endpoint: string;
  readonly endpoints: readonly string[];
  /** A message and an ordering key that may exist. */
  readonly message: string | null;
  readonly orderingKey: string;
  readonly random: Random;
  /** Unix milliseconds. */
  readonly now: number;
  /** How far back an operation reaches, and the maximum length of a pause. */
  readonly backMs: number;
  readonly pauseMs: number;
}

/** Performs these operations. Pausing, resuming and canceling apply to the replay that was started last. */
export class ManualOperations {
  #replay: { readonly app: string; readonly id: string } | null = null;

  async perform(name: ManualOperation, call: ManualCall): Promise<void> {
    const { ctx, app, endpoint, random, now, message } = call;
    const ref = { app, endpoint };
    switch (name) {
      case "pause":
        await pauseEndpoint({ ctx, input: { ...ref, until: now + random.span(1000, call.pauseMs) } });
        return;
      case "resume":
        await resumeEndpoint({ ctx, input: ref });
        return;
      case "enable_with":
        await enableEndpoint({ ctx, input: { ...ref, held: someChoice(call) } });
        return;
      case "try_now":
        await tryEndpointNow({ ctx, input: ref });
        return;
      case "unblock": {
        const which = random.int(0, 2);
        const input = {
          orderingKey: which === 0 ? call.orderingKey : null,
          messageId: which === 1 ? message : null,
        };
        await unblockEndpoint({ ctx, input: { ...ref, ...input } });
        return;
      }
      case "cancel_next":
        if (message !== null) await cancelMessage({ ctx, input: { app, message, endpoint } });
        return;
      case "replay":
        this.#replay = { app, id: await begin(call) };
        return;
      case "pause_replay":
        return this.#control(pauseReplay, call);
      case "resume_replay":
        return this.#control(resumeReplay, call);
      case "cancel_replay":
        return this.#control(cancelReplay, call);
    }
  }

  /** Controls a replay. The call fails if the replay has ended, or is already in that state. */
  async #control(control: typeof pauseReplay, { ctx }: ManualCall): Promise<void> {
    if (this.#replay !== null) await control({ ctx, input: { app: this.#replay.app, replay: this.#replay.id } });
  }
}

function someChoice({ random, now, backMs }: ManualCall): HeldChoice {
  const kind = random.pick(["replay", "newest", "since", "discard"] as const);
  return kind === "since" ? { kind, since: now - random.span(1000, backMs) } : { kind };
}

async function begin({ ctx, app, endpoint, endpoints, random, now, backMs }: ManualCall): Promise<string> {
  const toAnother = random.chance(0.3);
  const { id } = await startReplay({
    ctx,
    input: {
      app,
      since: now - random.span(1000, backMs),
      until: null,
      filter: { ...NO_FILTER, statuses: random.chance(0.5) ? [STATUS.fail, STATUS.sending] : null },
      messages: null,
      endpoints: random.chance(0.5) ? [endpoint] : null,
      target: toAnother ? { kind: "endpoint", endpoint: random.pick(endpoints) } : { kind: "same" },
      newestFirst: random.chance(0.3),
      ratePerSecond: random.chance(0.5) ? random.pick([1, 5]) : null,
      reason: "",
    },
  });
  return id;
}
