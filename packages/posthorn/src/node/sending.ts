/** Constructs the parts that deliver messages: destinations, attempter and dispatcher. */
import type { Cluster } from "../cluster/cluster.ts";
import type { Config } from "../config/config.ts";
import { DeliveryAttempter, type MadeResult } from "../delivery/attempter.ts";
import { GuardedAttempter } from "../delivery/guarded-attempter.ts";
import { retryWhileUnavailable } from "../delivery/retry-while-unavailable.ts";
import type { EndpointSender } from "../destinations/http/endpoint-sender.ts";
import { HttpDestination } from "../destinations/http/http-destination.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Clock } from "../dispatch/types.ts";
import type { Job, Outcome } from "../store/delivery.ts";
import type { Directory } from "../domain/directory.ts";
import type { IdGenerator } from "../lib/id.ts";
import { type Logger, reporter } from "../lib/log.ts";
import type { SecretBox } from "../lib/secret-box.ts";
import type { Store } from "../store/store.ts";
import type { TransformPool } from "../transform/pool.ts";
import type { CertificateMonitor } from "../workers/certificate-monitor.ts";
import type { EndpointHealthMonitor } from "../workers/endpoint-health-monitor.ts";
import { hostConcurrencyOf } from "./parts.ts";

export interface SendingOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly store: Store;
  readonly cluster: Cluster;
  readonly ids: IdGenerator;
  readonly directory: Directory;
  readonly secretBox: SecretBox;
  readonly sender: EndpointSender;
  readonly transforms: TransformPool;
  readonly health: EndpointHealthMonitor;
  readonly certificates: CertificateMonitor;
  readonly onSent: (job: Job, result: MadeResult) => void;
  readonly onRecorded: (outcome: Outcome) => void;
}

export interface Sending {
  readonly dispatcher: Dispatcher;
  readonly guard: GuardedAttempter;
}

export function buildSending(options: SendingOptions): Sending {
  const { config, log, clock, store, cluster, ids, directory, health } = options;
  const databaseWait = { store, clock, random: Math.random };
  const guard = new GuardedAttempter({
    attempter: buildAttempter(options),
    ...databaseWait,
    lastKey: () => ids.lastKey,
  });
  const dispatcher = new Dispatcher({
    store: guard.store,
    attempter: guard.attempter,
    clock,
    random: Math.random,
    policies: {
      policy: (endpointId) => retryWhileUnavailable(databaseWait, () => directory.policy(endpointId)),
      failing: (endpointId) => health.streak(endpointId),
    },
    limits: { concurrency: config.concurrency, hostConcurrency: hostConcurrencyOf(config) },
    owners: cluster,
    observer: {
      recorded: (outcome) => {
        health.recorded(outcome);
        options.onRecorded(outcome);
      },
      trouble: (what, error) => reporter(log)(error, `${what} failed; trying again`),
    },
  });
  return { dispatcher, guard };
}

function buildAttempter(options: SendingOptions): DeliveryAttempter {
  const { config, log, clock, store, ids, directory, secretBox, sender, transforms, certificates, onSent } = options;
  const http = new HttpDestination({
    sender,
    now: clock.now,
    families: config.secondHeaderFamily ? ["webhook", "svix"] : ["webhook"],
    secretBox,
    onCertificate: (seen) => certificates.seen(seen),
  });
  return new DeliveryAttempter({
    store,
    directory,
    destinations: { http },
    transforms,
    ids,
    onSent,
    onTrouble: (trouble) => log.warn(trouble, "an attempt failed before a request was sent"),
  });
}
