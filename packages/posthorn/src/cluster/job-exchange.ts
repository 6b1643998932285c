/** Deliveries between the threads of one process. */
import type { Job } from "../store/delivery.ts";
import type { DeliveryKey } from "../store/signal.ts";

export interface JobExchange {
  /** Sets the receiver of jobs, and tells the other threads which shards this one owns. */
  connect(receiver: JobReceiver): void;
  /** Tells the other threads which shards this one owns. */
  announce(): void;
  /** Hands jobs to the threads of this process that have their lanes. Returns the others. */
  give(jobs: readonly Job[]): readonly Job[];
  /** These deliveries were canceled: their jobs may still be on their way. */
  revoked(deliveries: readonly DeliveryKey[]): void;
}

export interface JobReceiver {
  /** The shards that this thread owns. */
  shards(): readonly number[];
  /** Accepts jobs from another thread. */
  receive(jobs: readonly Job[]): void;
  /** Notifies the owners of jobs that were not accepted. */
  notify(jobs: readonly Pick<Job, "endpointId" | "due">[]): void;
}
