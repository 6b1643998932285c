/** Constructs the parts that deliver messages: destinations, attempter and dispatcher. */
import { randomUUID } from "node:crypto";
import type { Cluster } from "../cluster/cluster.ts";
import type { DeliveryPause } from "../cluster/delivery-pause.ts";
import type { Config } from "../config/config.ts";
import { AttemptTracker, DeliveryStore } from "../delivery/delivery-store.ts";
import { DeliveryAttempter } from "../delivery/attempter.ts";
import { destinationsOf } from "../destinations/destinations.ts";
import { CloudAuthorizer } from "../destinations/auth/cloud-authorizer.ts";
import { ConnectionDestination } from "../destinations/connections/connection-destination.ts";
import type { Connector } from "../destinations/connections/connector.ts";
import type { EndpointSender, HeaderFamily } from "../destinations/http/request.ts";
import { POLLING_KIND, RELAY_KIND } from "../destinations/kinds.ts";
import { PulledDestination } from "../destinations/pulled.ts";
import { type Relay, RelayDestination } from "../destinations/relay/relay-destination.ts";
import { ShapedDestination } from "../destinations/shaped/shaped-destination.ts";
import { HttpDestination } from "../destinations/http/http-destination.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Clock } from "../dispatch/types.ts";
import type { AttemptTracing } from "../domain/tracing.ts";
import type { Directory } from "../domain/directory.ts";
import { Watermarks } from "../domain/feed/watermark.ts";
import type { EndpointResponses } from "../ingest/endpoint-responses.ts";
import type { IdGenerator } from "../lib/id.ts";
import { type Logger, reporter } from "../lib/log.ts";
import type { SecretBox } from "../lib/secret-box.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Store } from "../store/store.ts";
import type { TransformPool } from "../transform/pool.ts";
import type { CertificateMonitor } from "../workers/certificate-monitor.ts";
import type { EndpointHealthMonitor } from "../workers/endpoint-health-monitor.ts";
import { attemptLimitsOf, userAgentOf } from "./parts.ts";

export interface SendingOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly store: Store;
  readonly cluster: Cluster;
  /** Keeps deliveries paused after a restore. */
  readonly pause: DeliveryPause;
  readonly ids: IdGenerator;
  readonly directory: Directory;
  readonly secretBox: SecretBox;
  readonly sender: EndpointSender;
  /** Holds the connections of destinations that are not HTTP. */
  readonly connector: Connector;
  /** Passes requests to listeners. */
  readonly relay: Relay;
  readonly transforms: TransformPool;
  readonly health: EndpointHealthMonitor;
  readonly certificates: CertificateMonitor;
  /** Passes the responses of endpoints on to the senders that wait for them. */
  readonly responses: EndpointResponses;
  /** Exclusive end of the messages that are known to be complete. */
  readonly horizon: () => Promise<number>;
  /** `null`: metrics are not served. */
  readonly metrics: Metrics | null;
  /** `null`: no traces are exported. */
  readonly tracing: AttemptTracing | null;
}

export interface Sending {
  readonly dispatcher: Dispatcher;
  readonly tracker: AttemptTracker;
}

export function buildSending(options: SendingOptions): Sending {
  const { config, log, clock, store: database, cluster, pause, ids, directory, health, metrics } = options;
  const tracker = new AttemptTracker(() => ids.lastKey);
  const store = new DeliveryStore({ store: database, clock, random: Math.random, tracker });
  const dispatcher = new Dispatcher({
    store,
    attempter: buildAttempter(options, tracker),
    clock,
    random: Math.random,
    policies: {
      policy: (endpointId) => store.read(() => directory.policy(endpointId)),
      failing: (endpointId) => health.streak(endpointId),
    },
    limits: attemptLimitsOf(config),
    owners: pause.owners(cluster),
    observer: {
      recorded: (outcome) => {
        health.recorded(outcome);
        metrics?.recorded(outcome);
      },
      fault: (operation, error) => reporter(log)(error, `${operation} failed; trying again`),
    },
  });
  pause.onResumed = () => dispatcher.resume();
  return { dispatcher, tracker };
}

function buildAttempter(options: SendingOptions, tracker: AttemptTracker): DeliveryAttempter {
  const {
    config,
    log,
    clock,
    store,
    ids,
    directory,
    secretBox,
    sender,
    connector,
    relay,
    transforms,
    certificates,
    responses,
    tracing,
    horizon,
  } = options;
  const watermarks = new Watermarks({ db: () => store.db, horizon, now: clock.now });
  const families: readonly HeaderFamily[] = config.secondHeaderFamily ? ["webhook", "svix"] : ["webhook"];
  const http = new HttpDestination({
    sender,
    now: clock.now,
    families,
    userAgent: userAgentOf(config),
    secretBox,
    onCertificate: (seen) => certificates.seen(seen),
  });
  const shaped = new ShapedDestination({
    sender,
    authorizer: new CloudAuthorizer({ googleTokenUrls: config.googleTokenUrls }),
    now: clock.now,
    families,
    batchId: () => ids.next("batch_").id,
    userAgent: userAgentOf(config),
    cursorOf: (endpointKey, messageId) => watermarks.cursorWith(endpointKey, messageId),
    onCertificate: (seen) => certificates.seen(seen),
  });
  const connection = new ConnectionDestination({ connector, now: clock.now, families });
  return new DeliveryAttempter({
    store,
    secretBox,
    directory,
    destinations: destinationsOf({
      own: {
        http,
        [POLLING_KIND]: new PulledDestination(),
        [RELAY_KIND]: new RelayDestination({
          relay,
          now: clock.now,
          families,
          secretBox,
          userAgent: userAgentOf(config),
          newId: randomUUID,
        }),
      },
      http: shaped,
      connection,
    }),
    transforms,
    ids,
    tracker,
    now: clock.now,
    random: Math.random,
    tracing,
    onSent: (job, { kind, responseCode: status, reply }) => {
      // Only senders of inbound webhooks wait for a response.
      if (job.requestJson !== null) responses.attempted(job, { succeeded: kind === "ok", status, reply });
    },
    onProblem: (problem) => log.warn(problem, "an attempt failed before a request was sent"),
  });
}
