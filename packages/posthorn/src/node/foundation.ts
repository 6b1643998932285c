/** Opens the parts that all others of a node depend on: store, cluster membership, live feed and key generator. */
import { randomUUID } from "node:crypto";
import type { DatabaseConfig } from "../config/config.ts";
import { readKeyEnvironment } from "../config/env.ts";
import { Cluster } from "../cluster/cluster.ts";
import { DeliveryPause } from "../cluster/delivery-pause.ts";
import { nodeFacts } from "../cluster/facts.ts";
import { sendableKinds, missingPackages } from "../destinations/connections/installed.ts";
import type { Clock } from "../dispatch/types.ts";
import { Keyring } from "../encryption/keyring.ts";
import { openRootKeys } from "../encryption/open-root-keys.ts";
import { IdGenerator } from "../lib/id.ts";
import { type Logger, reporter } from "../lib/log.ts";
import { describeFrom } from "../live/describe.ts";
import { LiveFeed } from "../live/feed.ts";
import { SharedFeed } from "../live/shared-feed.ts";
import { describeOutage, type StoreOutage } from "../store/errors.ts";
import { openStore, type StoreListeners } from "../store/open.ts";
import { describeWalLoss } from "../store/sqlite/wal-loss.ts";
import type { Store } from "../store/store.ts";
import type { NodeOptions } from "./options.ts";

/** The shortest time in which requests settle: see `DataKeyring.settleMs`. */
const SETTLE_MS = 15_000;

export interface Foundation {
  readonly store: Store;
  readonly cluster: Cluster;
  readonly feed: LiveFeed;
  readonly shared: SharedFeed;
  readonly ids: IdGenerator;
  readonly keyring: Keyring;
  readonly pause: DeliveryPause;
  /** See `PosthornNode.failed`. */
  readonly failed: Promise<Error>;
}

/** Opens the store and joins the cluster. If it rejects, the parts opened so far are on the stack. */
export async function openFoundation(
  { config, secrets, log, openStore: open, missingPackages: missing = missingPackages, thread = null }: NodeOptions,
  clock: Clock,
  stack: AsyncDisposableStack,
): Promise<Foundation> {
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>();
  const feedOptions = {
    now: clock.now,
    setTimer: clock.setTimer,
    onFailure: (error: unknown) => reporter(log)(error, "the live feed has missed events"),
  };
  const feed: LiveFeed = new LiveFeed({
    ...feedOptions,
    run: randomUUID(),
    describe: (messages, endpoints) => describeFrom(store)(messages, endpoints),
  });
  const shared: SharedFeed = stack.use(new SharedFeed({ ...feedOptions, feed, store: () => store }));
  const listeners: StoreListeners = {
    onFailure: fail,
    onOutage: (outage) => logProblem(log, outage),
    onWalLoss: (loss) => log.warn(loss, describeWalLoss(loss)),
    // Without other nodes, events of this one go straight to its feed.
    listener: config.database.kind === "sqlite" && thread === null ? feed : shared,
  };
  const siblings = thread?.siblings ?? null;
  const store = stack.use(await (open?.(listeners) ?? openStore(config.database, listeners, siblings)));
  stack.defer(async () => thread?.others?.ended());
  // Disposed before the store, because it reads from the store.
  stack.use(feed);
  const facts = nodeFacts(secrets, sendableKinds(missing), thread?.number ?? null);
  const cluster = stack.use(await Cluster.join({ store, facts }));
  const { slot, keysFrom } = cluster.membership ?? { slot: null, keysFrom: 0 };
  const lastKey = Math.max(keysFrom - 1, await store.lastKey());
  const newestKey = thread === null || store.newestKey === null ? null : () => store.newestKey ?? 0;
  const ids = new IdGenerator(clock.now, lastKey, slot, cluster, newestKey);
  const keyring = stack.use(
    await Keyring.open({
      store,
      roots: await openRootKeys(secrets, readKeyEnvironment()),
      now: clock.now,
      nodeId: () => cluster.id,
      settleMs: settleMsOf(config.database),
      onFailure: (error) => reporter(log)(error, "the encryption keys could not be loaded"),
    }),
  );
  const pause = stack.use(
    await DeliveryPause.load({
      store,
      onFailure: (error) => reporter(log)(error, "could not read whether deliveries are paused; trying again"),
    }),
  );
  return { store, cluster, feed, shared, ids, keyring, pause, failed };
}

/** A request runs a few statements, each of which may wait for the database timeout. */
function settleMsOf(database: DatabaseConfig): number {
  return database.kind === "sqlite" ? SETTLE_MS : Math.max(SETTLE_MS, 4 * database.timeoutMs);
}

/** Logs one line per state change. */
function logProblem(log: Logger, outage: StoreOutage | null): void {
  if (outage === null) log.info("the database is available again");
  else log.warn({ outage }, `the database ${describeOutage(outage)}; trying again`);
}
