/** Changes that every thread must have applied when their response is sent: a rotated secret, and a deleted application. */
import { deleteApplication } from "../../../src/domain/application/delete.ts";
import { rotateSecret } from "../../../src/domain/endpoint/secret.ts";
import { PosthornError } from "../../../src/lib/errors.ts";
import type { Commit } from "../commits.ts";
import type { Ledger } from "../ledger.ts";
import type { SimulatedNode } from "../node.ts";
import type { ChangeName } from "../operation-names.ts";
import { contextOf, type EndpointHandle } from "../publishing.ts";
import type { Random } from "../random.ts";
import type { VirtualTime } from "../virtual-time.ts";
import { SEVERAL } from "./writer-thread.ts";

export interface ChangesWorld {
  readonly time: VirtualTime;
  readonly ledger: Ledger;
  readonly changeRandom: Random;
}

export class Changes {
  readonly #world: ChangesWorld;
  /** Applications whose deletion has failed, although it may have been committed. */
  readonly #half = new Set<string>();

  constructor(world: ChangesWorld) {
    this.#world = world;
  }

  /** @param endpoints The existing endpoints of all applications. Those of a deleted application are removed. */
  async perform(name: ChangeName, node: SimulatedNode, endpoints: EndpointHandle[]): Promise<void> {
    const { changeRandom: random } = this.#world;
    const chosen = random.pick(endpoints);
    if (name === "rotate_secret") return this.#rotate(node, chosen);
    // Others remain for the rest of the simulation.
    if (endpoints.filter(({ app }) => app !== chosen.app).length < 2) return;
    const [own, others] = [
      endpoints.filter(({ app }) => app === chosen.app),
      endpoints.filter(({ app }) => app !== chosen.app),
    ];
    endpoints.splice(0, endpoints.length, ...others);
    await this.#delete(node, chosen.app, own);
  }

  /** Deletes the applications whose deletion has failed. */
  async complete(node: SimulatedNode): Promise<void> {
    for (const ref of this.#half) {
      await deleteApplication({ ctx: contextOf(node), input: { ref } }).catch((error: unknown) => {
        if (!(error instanceof PosthornError) || error.code !== "not_found") throw error;
      });
    }
    this.#half.clear();
  }

  async #rotate(node: SimulatedNode, { key, app, id }: EndpointHandle): Promise<void> {
    const endpoint = this.#world.ledger.endpoints.get(key)!;
    const change = this.#begin();
    // Until the last of several has been answered, any of them may be in force.
    endpoint.secret = null;
    endpoint.rotations++;
    try {
      const gracePeriodSeconds = this.#world.changeRandom.pick([0, 0, 3600]);
      const input = { app, endpoint: id, key: null, gracePeriodSeconds };
      const text = await rotateSecret({ ctx: contextOf(node), input });
      this.#answered(change);
      if (endpoint.rotations === 1) endpoint.secret = { text, commit: change };
    } finally {
      endpoint.rotations--;
    }
  }

  async #delete(node: SimulatedNode, ref: string, endpoints: readonly EndpointHandle[]): Promise<void> {
    const change = this.#begin();
    for (const { key } of endpoints) {
      Object.assign(this.#world.ledger.endpoints.get(key)!, { deleted: true, commit: change });
    }
    this.#half.add(ref);
    await deleteApplication({ ctx: contextOf(node), input: { ref } });
    this.#half.delete(ref);
    this.#answered(change);
  }

  /** Its commit, which is at this time or later. */
  #begin(): Commit {
    return { run: SEVERAL, at: this.#world.time.elapsed, answeredAt: null, confirmed: false, toldAt: null };
  }

  #answered(change: Commit): void {
    const { elapsed } = this.#world.time;
    Object.assign(change, { answeredAt: elapsed, confirmed: true, toldAt: elapsed });
  }
}
