/** Starts a slow replay, and pauses, resumes or cancels it while it runs. */
import { cancelReplay, pauseReplay, resumeReplay } from "../../src/domain/replay/control.ts";
import { NO_FILTER } from "../../src/domain/replay/replay.ts";
import { startReplay } from "../../src/domain/replay/start.ts";
import type { TaskState } from "../../src/domain/task/task.ts";
import type { Ledger } from "./ledger.ts";
import type { SimulatedNode } from "./node.ts";
import { contextOf, type EndpointHandle } from "./publishing.ts";
import type { Random } from "./random.ts";
import { HOUR, type Span } from "./spans.ts";
import type { SlowReplayStep } from "./operation-names.ts";

interface BegunReplay {
  readonly app: string;
  readonly id: string;
  /** The key of its task. */
  readonly key: number;
  /** How often another state was requested. */
  requests: number;
}

export interface SlowReplayWorld {
  readonly ledger: Ledger;
  readonly replayRandom: Random;
  readonly span: Span;
}

export class SlowReplays {
  readonly #world: SlowReplayWorld;
  /** Replays that were started, newest last. */
  readonly #begun: BegunReplay[] = [];

  constructor(world: SlowReplayWorld) {
    this.#world = world;
  }

  async perform(step: SlowReplayStep, node: SimulatedNode, endpoints: readonly EndpointHandle[]): Promise<void> {
    if (step === "begin_slow_replay") return this.#begin(node, this.#world.replayRandom.pick(endpoints));
    const replay = this.#begun.at(-1);
    if (replay === undefined) return;
    if (step === "pause_slow_replay") await this.#control(pauseReplay, node, { replay, to: "paused" });
    else if (step === "cancel_slow_replay") await this.#control(cancelReplay, node, { replay, to: "canceled" });
    else await resumeReplay({ ctx: contextOf(node), input: requested(replay) });
  }

  /** Resumes all paused replays. */
  async resumeAll(node: SimulatedNode): Promise<void> {
    for (const replay of this.#begun) {
      if (this.#world.ledger.replays.stateOf(replay.key) !== "paused") continue;
      await resumeReplay({ ctx: contextOf(node), input: requested(replay) });
    }
  }

  async #begin(node: SimulatedNode, { app, id: endpoint }: EndpointHandle): Promise<void> {
    const { replayRandom: random, span } = this.#world;
    const { id, key } = await startReplay({
      ctx: contextOf(node),
      input: {
        app,
        since: node.run.clock.wall - (48 * HOUR) / span.speedUp,
        until: null,
        filter: NO_FILTER,
        messages: null,
        endpoints: random.chance(0.7) ? [endpoint] : null,
        target: { kind: "same" },
        newestFirst: random.chance(0.3),
        ratePerSecond: random.int(1, 2),
        reason: "",
      },
    });
    this.#begun.push({ app, id, key, requests: 0 });
  }

  async #control(
    control: typeof pauseReplay,
    node: SimulatedNode,
    { replay, to }: { readonly replay: BegunReplay; readonly to: TaskState },
  ): Promise<void> {
    const input = requested(replay);
    const { requests: mine } = replay;
    await control({ ctx: contextOf(node), input });
    if (replay.requests === mine) this.#world.ledger.replays.told(replay.key, to);
  }
}

function requested(replay: BegunReplay): { readonly app: string; readonly replay: string } {
  replay.requests++;
  return { app: replay.app, replay: replay.id };
}
