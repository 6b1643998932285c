/**
 * One run of a node: the parts that `PosthornNode` assembles, without the HTTP server and the periodic jobs, on a database, a network
 * and a clock of the simulation.
 */
import { Cluster, ClusterDispatch } from "../../src/cluster/cluster.ts";
import { LaneInspector } from "../../src/cluster/lane-inspector.ts";
import { ClusterWork } from "../../src/cluster/work.ts";
import { AttemptTracker, DeliveryStore } from "../../src/delivery/delivery-store.ts";
import { DeliveryAttempter } from "../../src/delivery/attempter.ts";
import { destinationsOf } from "../../src/destinations/destinations.ts";
import { EndpointSender } from "../../src/destinations/http/request.ts";
import { HttpDestination } from "../../src/destinations/http/http-destination.ts";
import { EndpointHealthMonitor } from "../../src/workers/endpoint-health-monitor.ts";
import { TaskRunner } from "../../src/workers/task-runner.ts";
import { Workers } from "../../src/workers/worker.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import type { LanePolicy } from "../../src/dispatch/policy.ts";
import type { Attempter, Clock, DispatchLimits } from "../../src/dispatch/types.ts";
import type { Services } from "../../src/domain/context.ts";
import { Directory } from "../../src/domain/directory.ts";
import type { PlatformDefaults } from "../../src/domain/policy/section.ts";
import type { SettledKeys } from "../../src/domain/stats/roll-up.ts";
import { IdGenerator } from "../../src/lib/id.ts";
import type { NodeThread } from "../../src/node/thread.ts";
import type { DatabaseThread } from "../../src/store/sqlite/protocol.ts";
import type { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { SecretBox } from "../../src/lib/secret-box.ts";
import { OTHER_SERVICES, TEST_RULES } from "../support/services.ts";
import { RecordedAttempts } from "./recorded-attempts.ts";
import { openStore, type Sharing } from "./cluster/open.ts";
import type { SimulatedDatabase } from "./database.ts";
import { checkingLog, expectOwnError } from "./error-check.ts";
import type { Ledger } from "./ledger.ts";
import type { NodeFacts } from "../../src/store/cluster.ts";
import type { Run, Settings } from "./run.ts";
import { withLatePages } from "./late-pages.ts";
import { SimulatedNetwork } from "./network.ts";
import type { Random } from "./random.ts";
import type { Receiver } from "./receivers.ts";
import type { Sabotage } from "./sabotage.ts";
import { hostOf } from "./ownership.ts";
import type { Verdict } from "./verdict.ts";
import type { Life, VirtualTime } from "./virtual-time.ts";

export interface NodeWorld {
  readonly time: VirtualTime;
  readonly database: SimulatedDatabase;
  /** `null`: a single node uses the database. */
  readonly sharing: Sharing | null;
  readonly ledger: Ledger;
  readonly verdict: Verdict;
  readonly receivers: ReadonlyMap<string, Receiver>;
  /** Maximum `Retry-After` of receivers, in seconds. */
  readonly longestWait: number;
  readonly networkRandom: Random;
  readonly connectRandom: Random;
  /** Maximum time to open a connection. */
  readonly maxConnectMs: number;
  readonly dispatchRandom: Random;
  readonly pagesRandom: Random;
  readonly sabotage: Sabotage;
  readonly sabotageRandom: Random;
}

/** Environment of a node. */
export interface Place {
  readonly run: Run;
  readonly life: Life;
  readonly serverLife: Life;
  /** Absent: the node is a process of its own. */
  readonly thread?: ThreadPlace;
}

/** Environment of a node that runs in one of several threads of a process. */
export interface ThreadPlace extends Pick<NodeThread, "number" | "exchange" | "join"> {
  readonly openStore: () => SqliteStore;
  /** Resolves once the threads have ended that must end before the store is closed. */
  readonly othersEnded: () => Promise<void>;
  /** Sets a function that is called with the limits of this thread when they change, or if they have changed since the start. */
  readonly onLimits: (listener: (limits: DispatchLimits) => void) => void;
}

interface NodeParts {
  readonly store: SqliteStore;
  readonly ids: IdGenerator;
  readonly cluster: Cluster;
}

const SECRET_BOX_KEY = Buffer.alloc(32, 7);
/** As in `src/node/node.ts`: once no attempt is in flight, giving up the shards may take this long. */
const RELEASE_MS = 2000;

export class SimulatedNode {
  readonly run: Run;
  readonly life: Life;
  readonly services: Services;
  readonly dispatcher: Dispatcher;
  readonly #time: VirtualTime;
  readonly #store: SqliteStore;
  readonly #tasks: TaskRunner;
  readonly #health: EndpointHealthMonitor;
  readonly #cluster: Cluster;
  readonly #clusterWork: ClusterWork;
  readonly #thread: ThreadPlace | null;

  private constructor(world: NodeWorld, { run, life, thread }: Place, parts: NodeParts) {
    const { store, ids, cluster } = parts;
    const { settings } = run;
    this.run = run;
    this.life = life;
    this.#thread = thread ?? null;
    this.#time = world.time;
    this.#store = store;
    this.#cluster = cluster;
    const clock = run.clock.for(life);
    const policyDefaults = policyDefaultsOf(settings);
    const secretBox = SecretBox.withKey(SECRET_BOX_KEY);
    const directory = new Directory({ store, secretBox, now: clock.now, policyDefaults, maxEndpoints: 64 });
    world.sabotage.directory?.(directory);
    const services = (): Services => this.services;
    const onFailure = (error: unknown): void => expectOwnError(world.verdict, error);
    const owns = (key: number): boolean => cluster.owns(key);
    this.#tasks = new TaskRunner({ services, clock, owns, onFailure: (_task, error) => onFailure(error) });
    this.#health = new EndpointHealthMonitor({ services, clock, onFailure, onDisabled: () => undefined });
    const recordedAttempts = new RecordedAttempts(world.ledger, run);
    const tracker = new AttemptTracker(() => ids.lastKey);
    const attempter = buildAttempter(world, {
      clock,
      store,
      directory,
      secretBox,
      ids,
      tracker,
      life,
      recordedAttempts,
    });
    this.dispatcher = this.#buildDispatcher(world, { clock, directory, attempter, tracker, recordedAttempts });
    thread?.onLimits((limits) => this.dispatcher.limit(limits));
    const dispatch = new ClusterDispatch({
      cluster,
      dispatcher: this.dispatcher,
      store,
      exchange: thread?.exchange ?? null,
    });
    const lanes = new LaneInspector({
      cluster,
      dispatcher: this.dispatcher,
      health: this.#health,
      store,
      time: cluster.time,
    });
    this.services = {
      ...OTHER_SERVICES,
      store,
      ids,
      now: clock.now,
      secretBox,
      directory,
      dispatch: world.sabotage.hints?.(dispatch, world.sabotageRandom) ?? dispatch,
      lanes,
      tasks: this.#tasks,
      health: this.#health,
      rules: { ...TEST_RULES, policyDefaults },
    };
    this.#clusterWork = new ClusterWork({
      lanes,
      services: this.services,
      cluster,
      dispatcher: this.dispatcher,
      workers: new Workers([this.#health, this.#tasks], onFailure),
      ids,
      feed: { watchedElsewhere: () => undefined, storedElsewhere: () => undefined },
      settled: () => settledKeys(store, ids, tracker),
      log: checkingLog(world.verdict),
    });
  }

  /** Opens the store, joins the cluster, and continues what an earlier run left. */
  static async start(world: NodeWorld, place: Place): Promise<SimulatedNode> {
    const { run, life, thread } = place;
    const { sabotage } = world;
    const store = thread?.openStore() ?? openStoreOf(world, place);
    const clock = run.clock.for(life);
    const facts = {
      host: hostOf(run),
      version: "simulated",
      secretsMark: "same",
      kinds: [],
      ...(thread === undefined ? processFacts(run) : { process: null, thread: thread.number, hasEnded: () => false }),
    };
    const cluster = await Cluster.join({ store, facts, time: sabotage.time?.(clock) ?? clock });
    const { slot, keysFrom } = cluster.membership ?? { slot: null, keysFrom: 0 };
    const lastKey = Math.max(keysFrom - 1, await store.lastKey());
    const newestKey = thread === undefined ? null : () => store.newestKey;
    const ids = new IdGenerator(clock.now, lastKey, slot, cluster, newestKey);
    const node = new SimulatedNode(world, place, { store, ids, cluster });
    await thread?.join();
    await node.#clusterWork.start();
    return node;
  }

  /** Number of the node in the cluster. */
  get id(): number {
    return this.#cluster.id;
  }

  /** Stops as a node does. */
  async stop(): Promise<void> {
    const drained = this.#cluster.drain().catch(() => undefined);
    await this.#tasks[Symbol.asyncDispose]();
    await this.dispatcher.stop(this.run.settings.shutdownTimeoutMs);
    await Promise.race([drained, this.#time.delay(this.life, RELEASE_MS)]);
    this.#clusterWork[Symbol.dispose]();
    await this.#health[Symbol.asyncDispose]();
    await this.#cluster[Symbol.asyncDispose]();
    await this.#thread?.othersEnded();
    await this.#store[Symbol.asyncDispose]();
  }

  #buildDispatcher(
    world: NodeWorld,
    { clock, directory, attempter, tracker, recordedAttempts }: DispatcherParts,
  ): Dispatcher {
    const { sabotage, sabotageRandom, dispatchRandom, verdict } = world;
    const { limits } = this.run.settings;
    const database = this.#store;
    const store = new DeliveryStore({
      store: {
        ...withLatePages(database, world, this.life),
        whenAvailable: () => database.whenAvailable(),
        get newestDue() {
          return database.newestDue;
        },
      },
      clock,
      random: dispatchRandom.next,
      tracker,
    });
    return new Dispatcher({
      store: sabotage.jobs?.(store, sabotageRandom) ?? store,
      attempter: recordedAttempts.around(
        sabotage.attempter?.(attempter, sabotageRandom) ?? attempter,
        sabotage.attemptResult,
      ),
      clock: sabotage.clock?.(clock, sabotageRandom) ?? clock,
      random: dispatchRandom.next,
      policies: {
        policy: (endpointId) =>
          sabotaged(
            store.read(() => directory.policy(endpointId)),
            sabotage,
          ),
        failing: (endpointId) => this.#health.streak(endpointId),
      },
      limits: sabotage.limits?.(limits) ?? limits,
      owners: sabotage.owners?.(this.#cluster) ?? this.#cluster,
      observer: {
        recorded: (outcome) => this.#health.recorded(outcome),
        fault: (_operation, error) => expectOwnError(verdict, error),
      },
    });
  }
}

function openStoreOf(world: NodeWorld, place: Place): SqliteStore {
  const { time, database, sharing, sabotage, sabotageRandom } = world;
  const { run } = place;
  const writer = (thread: DatabaseThread): DatabaseThread => sabotage.thread?.(thread, sabotageRandom) ?? thread;
  const reader = (thread: DatabaseThread): DatabaseThread => sabotage.reader?.(thread) ?? thread;
  const { holds } = sabotage;
  const storeWorld = { time, database, sharing, writer, reader, ...(holds === undefined ? {} : { holds }) };
  return openStore(storeWorld, { ...place, run: run.number, machine: run.machine }, hostOf(run));
}

/** A machine runs one process at a time: when another one starts there, the earlier ones have ended. */
function processFacts({ machine, number }: Run): Pick<NodeFacts, "process" | "hasEnded"> {
  const own = `${machine}/${number}`;
  return { process: own, hasEnded: (other) => other !== own && other.startsWith(`${machine}/`) };
}

interface DispatcherParts {
  readonly clock: Clock;
  readonly directory: Directory;
  readonly attempter: Attempter;
  readonly tracker: AttemptTracker;
  readonly recordedAttempts: RecordedAttempts;
}

interface AttempterParts {
  readonly clock: Clock;
  readonly store: SqliteStore;
  readonly directory: Directory;
  readonly secretBox: SecretBox;
  readonly ids: IdGenerator;
  readonly tracker: AttemptTracker;
  readonly life: Life;
  readonly recordedAttempts: RecordedAttempts;
}

function sabotaged(
  loaded: LanePolicy | null | Promise<LanePolicy | null>,
  { policy }: Sabotage,
): LanePolicy | null | Promise<LanePolicy | null> {
  if (policy === undefined || loaded === null) return loaded;
  if (loaded instanceof Promise) return loaded.then((found) => (found === null ? null : policy(found)));
  return policy(loaded);
}

/** The real attempter on the simulated network. */
function buildAttempter(
  world: NodeWorld,
  { clock, store, directory, secretBox, ids, tracker, life, recordedAttempts }: AttempterParts,
): DeliveryAttempter {
  const { networkRandom: random, dispatchRandom } = world;
  const network = new SimulatedNetwork({ ...world, life, random, watcher: recordedAttempts });
  const sender = new EndpointSender(network);
  const http = new HttpDestination({ sender, now: clock.now, families: ["webhook"], secretBox });
  return new DeliveryAttempter({
    store,
    secretBox,
    transforms: OTHER_SERVICES.transforms,
    directory,
    destinations: destinationsOf({ own: { http }, http: null, connection: null }),
    ids,
    tracker,
    now: clock.now,
    random: dispatchRandom.next,
    onProblem: () => undefined,
  });
}

/** Key of a node below which everything is either stored or will never be. */
function settledKeys(store: SqliteStore, ids: IdGenerator, { settledUpTo }: AttemptTracker): SettledKeys {
  const last = ids.settle();
  const lowest = store.lowestWaiting();
  return { messages: lowest === null ? last : lowest - 1, attempts: settledUpTo };
}

function policyDefaultsOf({ retrySchedule, requestTimeoutMs, endpointConcurrency }: Settings): PlatformDefaults {
  return {
    retrySchedule,
    requestTimeoutMs,
    maxRequestTimeoutMs: 60_000,
    endpointConcurrency,
    autoDisableAfterMs: 5 * 86_400_000,
    verification: "off",
    signatureStyle: "standard",
    signatureHeader: "",
    customerAlerts: true,
  };
}
