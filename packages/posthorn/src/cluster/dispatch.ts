/** Routes new deliveries from the domain to the lanes of this node, or notifies the node that owns the lane. */
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { DispatchHints } from "../domain/ports.ts";
import type { DeliveryKey } from "../store/signal.ts";
import type { Store } from "../store/store.ts";
import type { Job } from "../store/delivery.ts";
import type { Cluster } from "./cluster.ts";

export interface ClusterDispatchOptions {
  readonly cluster: Pick<Cluster, "owns">;
  readonly dispatcher: Dispatcher;
  readonly store: Pick<Store, "signal">;
}

export class ClusterDispatch implements DispatchHints {
  readonly #options: ClusterDispatchOptions;

  constructor(options: ClusterDispatchOptions) {
    this.#options = options;
  }

  push(jobs: readonly Job[]): void {
    const { cluster, dispatcher, store } = this.#options;
    const own = jobs.filter(({ endpointId }) => cluster.owns(endpointId));
    if (own.length > 0) dispatcher.push(own);
    if (own.length === jobs.length) return;
    const others = jobs.filter(({ endpointId }) => !cluster.owns(endpointId));
    const endpointIds = [...new Set(others.map(({ endpointId }) => endpointId))];
    store.signal({ kind: "due", endpointIds, from: Math.min(...others.map(({ due }) => due)) });
  }

  look(endpointIds: readonly number[], from: number | null): void {
    this.#options.dispatcher.look(endpointIds, from);
  }

  wake(endpointId: number): void {
    this.#options.dispatcher.wake(endpointId);
  }

  tryNow(endpointId: number): void {
    this.#options.dispatcher.tryNow(endpointId);
  }

  revoke(deliveries: readonly DeliveryKey[]): void {
    this.#options.dispatcher.revoke(deliveries);
  }
}
