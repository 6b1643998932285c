/** Whether every shard has an owner, and a good one. */
import type { Check } from "../check.ts";
import type { TrackedDelivery } from "../tracked.ts";
import type { Machine } from "../machine.ts";
import type { Tenure, TenureEnd } from "../tenure.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";

/**
 * A shard whose node is gone is somebody's after so long: its time of 6 seconds, as much for those who could not say that they are there
 * either, and a few rounds.
 */
const MOVED_MS = 20_000;
/** And shares are even after so long: what is given up waits for what is under way there. */
const EVEN_MS = 120_000;
/** Who is well for so long loses nothing: what had gone wrong before had its effect. */
const WELL_MS = 15_000;

export interface ShardsWorld {
  readonly time: VirtualTime;
  readonly verdict: Verdict;
  readonly machines: readonly Machine[];
  /** Who has which shard; `null`: there are no shards. */
  readonly shards: readonly (Tenure | null)[] | null;
  /** When the database was in trouble the last time, in elapsed milliseconds. */
  readonly databaseWellSince: () => number;
}

export class ShardsCheck implements Check {
  readonly #world: ShardsWorld;

  constructor(world: ShardsWorld) {
    this.#world = world;
  }

  tenureEnded({ run, fence }: Tenure, how: TenureEnd, open: readonly TrackedDelivery[]): void {
    const { verdict } = this.#world;
    if (how === "released") {
      // A node that stops gives up in the end what a database that is away cannot be told; whoever comes next makes it again.
      const stops = this.#world.machines[run.machine - 1]!.node?.run !== run;
      const left = open.find((delivery) => delivery.open!.result === null || !stops);
      if (left === undefined) return;
      const text = `process ${run.number} gave up a shard (${fence}) with ${left.name} under way`;
      verdict.broken("handed_over", text);
    } else if (this.#isThere({ run }) && this.#wellFor(run.machine) > WELL_MS) {
      verdict.broken("handed_over", `process ${run.number} lost a shard (${fence}), and all was well with it`);
    }
  }

  sampled(): void {
    const { machines, shards, verdict } = this.#world;
    if (shards === null) return;
    const well = machines.filter(({ number }) => this.#wellFor(number) > MOVED_MS);
    if (well.length === 0) return;
    const gone = shards.findIndex((tenure) => tenure === null || !this.#isThere(tenure));
    if (gone !== -1 && this.#allFor() > MOVED_MS) {
      verdict.broken("shards_move", `shard ${gone} is nobody's, and ${well.length} nodes are well`);
    }
    if (this.#allFor() <= EVEN_MS) return;
    const shares = machines
      .filter(({ node }) => node !== null)
      .map((machine) => shards.filter((tenure) => tenure?.run === machine.run).length);
    if (Math.max(...shares) - Math.min(...shares) <= 1) return;
    verdict.broken("shards_move", `the nodes have ${shares.join(", ")} shards`);
  }

  #isThere({ run }: Pick<Tenure, "run">): boolean {
    return this.#world.machines.some((machine) => machine.run === run);
  }

  /** For how long nothing is wrong with a machine, nor with the database. */
  #wellFor(machine: number): number {
    const { time, machines, databaseWellSince } = this.#world;
    const since = machines[machine - 1]!.wellSince;
    return since === null ? 0 : time.elapsed - Math.max(since, databaseWellSince());
  }

  /** For how long nothing changed anywhere. */
  #allFor(): number {
    const { time, machines, databaseWellSince } = this.#world;
    return time.elapsed - Math.max(databaseWellSince(), ...machines.map(({ changedAt }) => changedAt));
  }
}
