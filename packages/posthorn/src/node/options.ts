/** Options for starting a node. */
import type { Egress, EgressOptions } from "@posthorn/egress";
import type { PageBuilds } from "../api/page-build.ts";
import type { HttpTimeouts } from "../api/http-server.ts";
import type { Config } from "../config/config.ts";
import type { Secrets } from "../config/secrets.ts";
import type { Clock } from "../dispatch/types.ts";
import type { Logger } from "../lib/log.ts";
import type { StoreListeners } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import type { NodeThread } from "./thread.ts";

export interface NodeOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly log: Logger;
  /** Timeouts for slow clients; tests use shorter ones. */
  readonly timeouts?: Partial<HttpTimeouts>;
  /** Whether Fastify handles all requests; tests compare its responses with those of the hot routes. */
  readonly onlyFastify?: boolean;
  /** Default: the clock of this machine. */
  readonly clock?: Clock;
  /** Clock of the background jobs. Default: `clock`. */
  readonly workerClock?: Clock;
  /** False: the node does not listen; a host program passes requests to the listener of the server. */
  readonly listens?: boolean;
  /** Path at which a host program mounts the server, such as `/webhooks`. Default: empty. */
  readonly base?: string;
  /** `null` by default: the process has one thread that runs a node. */
  readonly thread?: NodeThread | null;
  /** Builds of the dashboard and the documentation that may still be running, in a clone of the repository. */
  readonly pageBuilds?: PageBuilds;
  /** Whether a host program can mount the server, so that pages and inbound webhooks share its origin. */
  readonly embedded?: boolean;
  /** Aborts a start that waits for its database or does not accept requests yet; the start rejects. */
  readonly signal?: AbortSignal;
  /** Options of the HTTP client without a setting, such as a resolver or a trusted certificate authority. */
  readonly egress?: EgressOptions;
  /** Creates the HTTP client. Default: one that connects to the network. */
  readonly createEgress?: (options: EgressOptions) => Egress;
  /** npm packages of a destination kind that are not installed. Default: those that this process does not find. */
  readonly missingPackages?: (kind: string) => readonly string[];
  /** Opens the store. Default: the database of `config`. */
  readonly openStore?: (listeners: StoreListeners) => Promise<Store>;
}
