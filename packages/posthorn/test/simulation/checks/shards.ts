/** Checks that every shard has a healthy owner. */
import type { Check } from "../check.ts";
import type { TrackedDelivery } from "../tracked.ts";
import type { Machine } from "../machine.ts";
import type { Ownership, OwnershipEnd } from "../ownership.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";

/**
 * Time after which the shards of a dead node have new owners: its lease of 6 seconds, as long again for nodes that could not renew theirs
 * either, and a few rounds.
 */
const MOVED_MS = 20_000;
/** Time after which the shares are even: giving up a shard waits for its attempts in flight. */
const EVEN_MS = 120_000;
/** A node that has been healthy for this long loses no shard: earlier faults have had their effect. */
const WELL_MS = 15_000;

export interface ShardsWorld {
  readonly time: VirtualTime;
  readonly verdict: Verdict;
  readonly machines: readonly Machine[];
  /** Owners of the shards; `null`: there are no shards. */
  readonly shards: readonly (Ownership | null)[] | null;
  /** When the database last had a fault, in elapsed milliseconds. */
  readonly databaseWellSince: () => number;
}

export class ShardsCheck implements Check {
  readonly #world: ShardsWorld;

  constructor(world: ShardsWorld) {
    this.#world = world;
  }

  ownershipEnded({ run, fence }: Ownership, how: OwnershipEnd, open: readonly TrackedDelivery[]): void {
    const { verdict } = this.#world;
    if (how === "released") {
      // A node that stops finally drops outcomes that an unavailable database cannot record. The next owner repeats these attempts.
      const stops = this.#world.machines[run.machine - 1]!.node?.run !== run;
      const left = open.find((delivery) => delivery.open!.result === null || !stops);
      if (left === undefined) return;
      const text = `process ${run.number} gave up a shard (${fence}) with ${left.name} under way`;
      verdict.broken("handed_over", text);
    } else if (this.#isThere({ run }) && this.#wellFor(run.machine) > WELL_MS) {
      verdict.broken("handed_over", `process ${run.number} lost a shard (${fence}) although it was healthy`);
    }
  }

  sampled(): void {
    const { machines, shards, verdict } = this.#world;
    if (shards === null) return;
    const well = machines.filter(({ number }) => this.#wellFor(number) > MOVED_MS);
    if (well.length === 0) return;
    const gone = shards.findIndex((ownership) => ownership === null || !this.#isThere(ownership));
    if (gone !== -1 && this.#allFor() > MOVED_MS) {
      verdict.broken("shards_move", `shard ${gone} has no owner, although ${well.length} nodes are healthy`);
    }
    if (this.#allFor() <= EVEN_MS) return;
    const shares = machines
      .filter(({ node }) => node !== null)
      .map((machine) => shards.filter((ownership) => ownership?.run === machine.run).length);
    if (Math.max(...shares) - Math.min(...shares) <= 1) return;
    verdict.broken("shards_move", `the nodes have ${shares.join(", ")} shards`);
  }

  #isThere({ run }: Pick<Ownership, "run">): boolean {
    return this.#world.machines.some((machine) => machine.run === run);
  }

  /** Time for which a machine and the database have been healthy. */
  #wellFor(machine: number): number {
    const { time, machines, databaseWellSince } = this.#world;
    const since = machines[machine - 1]!.wellSince;
    return since === null ? 0 : time.elapsed - Math.max(since, databaseWellSince());
  }

  /** Time for which nothing has changed anywhere. */
  #allFor(): number {
    const { time, machines, databaseWellSince } = this.#world;
    return time.elapsed - Math.max(databaseWellSince(), ...machines.map(({ changedAt }) => changedAt));
  }
}
