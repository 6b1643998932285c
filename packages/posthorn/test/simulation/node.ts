/** One run of a node: what `Posthorn` puts together, less the HTTP server, on a database, a network and a clock of the simulation. */
import { DeliveryAttempter } from "../../src/delivery/attempter.ts";
import { EndpointSender } from "../../src/delivery/endpoint-sender.ts";
import { HealthWatch } from "../../src/delivery/health-watch.ts";
import { TaskRunners } from "../../src/delivery/task-runner.ts";
import { Watch } from "../../src/delivery/watched-attempter.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import type { LanePolicy } from "../../src/dispatch/policy.ts";
import type { Attempter, Clock, JobStore } from "../../src/dispatch/types.ts";
import type { Services } from "../../src/domain/context.ts";
import { Directory } from "../../src/domain/directory.ts";
import type { PlatformDefaults } from "../../src/domain/policy/section.ts";
import { applySignals } from "../../src/domain/signals.ts";
import { PosthornError } from "../../src/errors.ts";
import { IdGenerator } from "../../src/id.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { Vault } from "../../src/vault.ts";
import { OTHER_SERVICES, TEST_RULES } from "../support/services.ts";
import { NAME, type SimulatedDatabase } from "./database.ts";
import type { Ledger, Run, Settings } from "./ledger.ts";
import { withLatePages } from "./late-pages.ts";
import { SimulatedNetwork } from "./network.ts";
import type { Random } from "./random.ts";
import type { Receiver } from "./receivers.ts";
import type { Sabotage } from "./sabotage.ts";
import type { Verdict } from "./verdict.ts";
import type { Life, VirtualTime } from "./virtual-time.ts";

export interface NodeWorld {
  readonly time: VirtualTime;
  readonly database: SimulatedDatabase;
  readonly ledger: Ledger;
  readonly verdict: Verdict;
  readonly receivers: ReadonlyMap<string, Receiver>;
  readonly networkRandom: Random;
  readonly dispatchRandom: Random;
  readonly pagesRandom: Random;
  readonly sabotage: Sabotage;
  readonly sabotageRandom: Random;
}

const VAULT_KEY = Buffer.alloc(32, 7);
export class SimulatedNode {
  readonly run: Run;
  readonly life: Life;
  readonly services: Services;
  readonly dispatcher: Dispatcher;
  readonly #store: SqliteStore;
  readonly #tasks: TaskRunners;
  readonly #health: HealthWatch;

  private constructor(world: NodeWorld, run: Run, life: Life, parts: { store: SqliteStore; ids: IdGenerator }) {
    const { store, ids } = parts;
    const { settings } = run;
    this.run = run;
    this.life = life;
    this.#store = store;
    const clock = world.time.clockFor(life);
    const policyDefaults = policyDefaultsOf(settings);
    const vault = new Vault(VAULT_KEY);
    const directory = new Directory({ store, vault, now: clock.now, policyDefaults, maxEndpoints: 64 });
    world.sabotage.directory?.(directory);
    const services = (): Services => this.services;
    const onFailure = (error: unknown): void => expectOwnError(world.verdict, error);
    this.#tasks = new TaskRunners({ services, clock, owns: () => true, onFailure: (_task, error) => onFailure(error) });
    this.#health = new HealthWatch({ services, clock, onFailure, onDisabled: () => undefined });
    const watch = buildWatch(world, { clock, store, directory, vault, ids, life });
    this.dispatcher = this.#buildDispatcher(world, { clock, directory, watch });
    store.onSignal((signals) => applySignals(this.services, signals));
    store.onDoubt(() => {
      directory.clear();
      this.dispatcher.rescan();
      this.#tasks.rescan();
    });
    this.services = {
      ...OTHER_SERVICES,
      store,
      ids,
      now: clock.now,
      vault,
      directory,
      dispatch: world.sabotage.hints?.(this.dispatcher, world.sabotageRandom) ?? this.dispatcher,
      tasks: this.#tasks,
      health: this.#health,
      rules: { ...TEST_RULES, policyDefaults },
    };
  }

  /** Opens the store and takes up what an earlier run left to do. */
  static async start(world: NodeWorld, run: Run, life: Life): Promise<SimulatedNode> {
    const { database, time } = world;
    const writer = database.thread("writer", { life, run: run.number });
    const store = new SqliteStore({
      path: NAME,
      writer: world.sabotage.thread?.(writer, world.sabotageRandom) ?? writer,
      hotReader: database.thread("reader", { life, run: run.number }),
      readers: [database.thread("reader", { life, run: run.number })],
      gather: (underLoad) => time.delay(life, underLoad ? 2 : 0),
      lock: { [Symbol.dispose]: () => undefined },
    });
    const ids = new IdGenerator(() => time.wall, await store.lastKey());
    const node = new SimulatedNode(world, run, life, { store, ids });
    await node.#health.load();
    await node.dispatcher.start();
    await node.#tasks.resume();
    return node;
  }

  /** As `Posthorn` does when it is told to stop. */
  async stop(): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]();
    await this.dispatcher.stop(this.run.settings.shutdownTimeoutMs);
    await this.#health[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  #buildDispatcher(world: NodeWorld, { clock, directory, watch }: DispatcherParts): Dispatcher {
    const { sabotage, sabotageRandom, dispatchRandom, verdict } = world;
    const { limits } = this.run.settings;
    const attempter = sabotage.attempter?.(watch.attempter, sabotageRandom) ?? watch.attempter;
    return new Dispatcher({
      store: sabotage.jobs?.(watch.store, sabotageRandom) ?? watch.store,
      attempter: bookedAttempter(world, this.run, attempter),
      clock: sabotage.clock?.(clock, sabotageRandom) ?? clock,
      random: dispatchRandom.next,
      policies: {
        policy: (endpointId) => sabotaged(directory.policy(endpointId), sabotage),
        failing: (endpointId) => this.#health.streak(endpointId),
      },
      limits: sabotage.limits?.(limits) ?? limits,
      observer: {
        recorded: (outcome) => this.#health.recorded(outcome),
        trouble: (_what, error) => expectOwnError(verdict, error),
      },
    });
  }
}

interface DispatcherParts {
  readonly clock: Clock;
  readonly directory: Directory;
  readonly watch: { readonly attempter: Attempter; readonly store: JobStore };
}

interface WatchParts {
  readonly clock: Clock;
  readonly store: SqliteStore;
  readonly directory: Directory;
  readonly vault: Vault;
  readonly ids: IdGenerator;
  readonly life: Life;
}

function sabotaged(
  asked: LanePolicy | null | Promise<LanePolicy | null>,
  { policy }: Sabotage,
): LanePolicy | null | Promise<LanePolicy | null> {
  if (policy === undefined || asked === null) return asked;
  if (asked instanceof Promise) return asked.then((found) => (found === null ? null : policy(found)));
  return policy(asked);
}

/** The attempter of the product on the simulated network. */
function buildWatch(world: NodeWorld, { clock, store, directory, vault, ids, life }: WatchParts): Watch {
  const { time, ledger, receivers, networkRandom: random } = world;
  const network = new SimulatedNetwork({ time, life, random, receivers, watcher: ledger });
  const attempter = new DeliveryAttempter({
    store,
    transforms: OTHER_SERVICES.transforms,
    vault,
    directory,
    sender: new EndpointSender(network),
    ids,
    now: clock.now,
    families: ["webhook"],
    onTrouble: () => undefined,
  });
  const jobs = { ...withLatePages(store, world, life), whenHere: () => store.whenHere() };
  return new Watch({ attempter, store: jobs, now: clock.now, lastKey: () => ids.lastKey });
}

/** Keeps the books around an attempter. */
function bookedAttempter({ ledger, sabotage }: NodeWorld, run: Run, attempter: Attempter): Attempter {
  return {
    attempt: async (job, signal) => {
      const open = ledger.begun(run, job);
      try {
        const result = await attempter.attempt(job, signal);
        ledger.ended(open, result);
        return sabotage.heard?.(result) ?? result;
      } catch (error) {
        ledger.ended(open, { kind: "not_now", pauseMs: 0 });
        throw error;
      }
    },
  };
}

function policyDefaultsOf({ retrySchedule, requestTimeoutMs, endpointConcurrency }: Settings): PlatformDefaults {
  return {
    retrySchedule,
    requestTimeoutMs,
    maxRequestTimeoutMs: 60_000,
    endpointConcurrency,
    autoDisableAfterMs: 5 * 86_400_000,
    verification: "off",
  };
}

/** What fails must fail with an error that says what to do, and not with a slip of ours. */
export function expectOwnError(verdict: Verdict, error: unknown): void {
  if (error instanceof PosthornError) return;
  verdict.broken("nothing_unexpected", error instanceof Error ? (error.stack ?? error.message) : String(error));
}
