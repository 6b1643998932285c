/** One machine whose process has several threads, each of which counts as a separate machine in the checks, and the faults of both. */
import type { HasHeard } from "../ledger.ts";
import { expectOwnError } from "../error-check.ts";
import { type FleetOptions, type Machines, START_AGAIN, STOP_SLACK, WELL_MS } from "../fleet.ts";
import { Machine } from "../machine.ts";
import { MachineClock } from "../machine-clock.ts";
import type { SimulatedNode } from "../node.ts";
import { hostOf, type ShardOwners } from "../ownership.ts";
import { type MachineHappening, settingsOf } from "../plan.ts";
import type { Random } from "../random.ts";
import type { Run } from "../run.ts";
import { Life } from "../virtual-time.ts";
import { SimulatedProcess, type SimulatedThread } from "./process.ts";
import type { ThreadSettings } from "./thread-settings.ts";

/** Time after which a thread that hung has caught up. */
const CAUGHT_UP_MS = 1000;
/** Time after which a thread knows a change whose caller received an error, or that was made while it hung. */
const LATE_NEWS_MS = 10_000;

export interface ThreadFleetOptions extends FleetOptions {
  readonly owners: ShardOwners;
  readonly threadsRandom: Random;
}

export class ThreadFleet implements Machines {
  /** One for each thread. */
  readonly machines: readonly Machine[];
  readonly #options: ThreadFleetOptions;
  readonly #clock: MachineClock;
  /** Threads by the host names of their nodes, and those that are in the cluster. */
  readonly #threads = new Map<string, SimulatedThread>();
  readonly #members = new Set<string>();
  /** Time since which each run responds to other threads, in elapsed milliseconds. */
  readonly #respondsSince = new Map<number, number>();
  #process: SimulatedProcess | null = null;
  #runs = 0;
  faultAt = 0;
  wrongUntil = 0;

  constructor(options: ThreadFleetOptions) {
    const { span, time } = options;
    this.#options = options;
    this.#clock = new MachineClock(time, { skewMs: 0, drift: 0 });
    this.machines = Array.from({ length: span.nodes }, (_, index) => new Machine(index + 1, this.#clock));
  }

  get runs(): number {
    return this.#runs;
  }

  get nodes(): readonly SimulatedNode[] {
    return this.machines.flatMap(({ node }) => (node === null ? [] : [node]));
  }

  get isComplete(): boolean {
    return this.#process?.isComplete === true;
  }

  someNode(random: Random = this.#options.random): SimulatedNode | null {
    const up = this.machines.filter(({ node, stands }) => node !== null && !stands);
    return up.length === 0 ? null : random.pick(up).node;
  }

  /** All responding threads know the data that one thread has confirmed. */
  readonly hasHeard: HasHeard = ({ at, answeredAt, confirmed, toldAt }, own, elapsed) => {
    // An outcome, or a message: the thread that has the lane takes it from the store.
    if (toldAt === undefined) return confirmed && answeredAt !== null && answeredAt < elapsed;
    const respondsSince = this.#respondsSince.get(own.number) ?? 0;
    if (confirmed && toldAt !== null && toldAt < elapsed && respondsSince <= at) return true;
    return at < elapsed - LATE_NEWS_MS && respondsSince <= elapsed;
  };

  stepped(): void {
    for (const machine of this.machines) {
      if (machine.fuse !== null && --machine.fuse.events <= 0) this.#blow(machine, machine.fuse.downMs);
      else if (machine.stopsAtWork !== null) this.#stopAtWork(machine, machine.stopsAtWork);
    }
  }

  happen(what: MachineHappening): void {
    const machine = this.machines[what.machine - 1]!;
    switch (what.kind) {
      case "clock_jump":
        this.#options.note("clock_jump", String(what.ms));
        this.faultAt = this.#options.time.elapsed;
        this.wrongUntil = Math.max(this.wrongUntil, this.faultAt + Math.abs(what.ms));
        this.#clock.jump(what.ms);
        return;
      case "crash":
        if (!machine.isDown) machine.fuse ??= { events: what.afterEvents, downMs: what.downMs };
        return;
      case "restart":
        return this.#stop(what.downMs);
      case "restart_at_work":
        machine.stopsAtWork ??= what.downMs;
        return;
      case "freeze":
        if (!machine.isDown && !machine.stands) this.#freeze(machine, what.ms);
        return;
      case "cut":
      // There is no network between threads.
    }
  }

  spare(): void {
    for (const machine of this.machines) machine.fuse = machine.stopsAtWork = null;
  }

  end(): void {
    for (const machine of this.machines) machine.life.alive = machine.serverLife.alive = false;
  }

  /** Starts the process. Its threads start by themselves. */
  start(machine: Machine): void {
    if (machine !== this.#main) return;
    const { span, random, boundsRandom, threadsRandom, adjust, onStart, owners, world } = this.#options;
    onStart();
    machine.life = new Life();
    machine.serverLife = new Life();
    const settings = adjust(settingsOf(random, boundsRandom, span));
    this.#note(machine, `the process starts with ${JSON.stringify(settings)}`);
    const process = new SimulatedProcess({
      world: world(),
      random: threadsRandom,
      clock: this.#clock,
      max: span.nodes,
      isGrowing: threadsRandom.chance(0.5),
      settings,
      mainLife: machine.life,
      writerLife: machine.serverLife,
      watcher: {
        took: (host, lease) => owners.took(host, lease),
        released: (host, shard) => owners.released(host, shard),
        joined: (host) => void this.#members.add(host),
        leaves: (host) => this.#leaves(host),
      },
      begin: (number, life, shares) => this.#begin(number, life, shares),
      onNode: ({ number }, node) => this.#changed(this.machines[number - 1]!, { node }),
      onEnd: (thread) => this.#threadEnded(thread),
    });
    this.#process = process;
    void this.#bringUp(process);
  }

  get #main(): Machine {
    return this.machines[0]!;
  }

  async #bringUp(process: SimulatedProcess): Promise<void> {
    try {
      await process.start();
      this.#note(this.#main, "the process is up");
    } catch (error) {
      expectOwnError(this.#options.verdict, error);
      this.#note(this.#main, `the process did not come up: ${String(error)}`);
      this.#gone(START_AGAIN);
    }
  }

  #begin(number: number, life: Life, shares: ThreadSettings): Run {
    const { time, ledger } = this.#options;
    const machine = this.machines[number - 1]!;
    const run: Run = {
      number: ++this.#runs,
      get settings() {
        return shares.current;
      },
      machine: number,
      clock: this.#clock,
      startedAt: time.elapsed,
    };
    machine.life = life;
    machine.run = run;
    this.#threads.set(hostOf(run), { number, life, run });
    this.#note(machine, `run ${run.number} starts`);
    ledger.started(run);
    this.#changed(machine);
    return run;
  }

  /** The membership of a thread ends: all its requests were processed. */
  #leaves(host: string): void {
    this.#members.delete(host);
    const { life, run } = this.#threads.get(host)!;
    if (!life.alive) this.#options.ledger.processEnded(run);
  }

  #threadEnded({ number, run }: SimulatedThread): void {
    const machine = this.machines[number - 1]!;
    this.#note(machine, `run ${run.number} has ended`);
    machine.fuse = null;
    machine.run = null;
    this.#changed(machine, { node: null });
    // All requests of a member are processed before its membership ends.
    if (!this.#members.has(hostOf(run))) this.#options.ledger.processEnded(run);
  }

  #blow(machine: Machine, downMs: number): void {
    machine.fuse = null;
    this.#note(machine, "killed");
    if (machine === this.#main) this.#gone(downMs);
    else this.#process?.crash(machine.number);
  }

  /** SIGTERM. */
  #stop(downMs: number): void {
    const main = this.#main;
    const process = this.#process;
    if (process === null || main.node === null || main.stands) return;
    const { time, verdict, watch } = this.#options;
    const { shutdownTimeoutMs } = main.run!.settings;
    this.#note(main, "told to stop");
    for (const machine of this.machines) this.#changed(machine, { node: null });
    const cancel = time.after(main.life, shutdownTimeoutMs + STOP_SLACK, () =>
      verdict.broken("stops", `the process received the stop signal ${shutdownTimeoutMs + STOP_SLACK} ms ago`),
    );
    const stop = async (): Promise<void> => {
      await process.stop();
      cancel();
      this.#note(main, "stopped");
      this.#gone(downMs);
    };
    watch(stop());
  }

  #stopAtWork(machine: Machine, downMs: number): void {
    const { node, stands } = machine;
    if (node === null || stands || this.#options.ledger.inFlightOf(node.run) === 0) return;
    machine.stopsAtWork = null;
    this.#stop(downMs);
  }

  /** The process has ended, with all of its threads. */
  #gone(downMs: number): void {
    const { time, ledger, outside, world } = this.#options;
    this.#process = null;
    this.#threads.clear();
    this.#members.clear();
    for (const machine of this.machines) {
      machine.fuse = null;
      machine.life.alive = machine.serverLife.alive = false;
      machine.run = null;
      this.#changed(machine, { node: null });
    }
    for (const run of ledger.runs) {
      world().database.drop(run.number);
      ledger.processEnded(run);
    }
    time.after(outside, downMs, () => this.start(this.#main));
  }

  /** A thread hangs. */
  #freeze(machine: Machine, ms: number): void {
    const { time, outside } = this.#options;
    const { life, run } = machine;
    this.#note(machine, `hangs for ${ms} ms`);
    time.freeze(life);
    this.#changed(machine);
    time.after(outside, ms, () => {
      time.thaw(life);
      this.#respondsSince.set(run!.number, time.elapsed + CAUGHT_UP_MS);
      if (machine.life !== life || !life.alive) return;
      this.#note(machine, "goes on");
      this.#changed(machine);
    });
  }

  isWell(number: number): boolean {
    const { wellSince } = this.machines[number - 1]!;
    return wellSince !== null && this.#options.time.elapsed - wellSince > WELL_MS;
  }

  #changed(machine: Machine, { node = machine.node }: { readonly node?: SimulatedNode | null } = {}): void {
    const { elapsed } = this.#options.time;
    machine.node = node;
    // A thread that hangs keeps its share of the shards, which do not move meanwhile.
    machine.changedAt = machine.stands ? Infinity : elapsed;
    machine.wellSince = node === null || machine.stands ? null : elapsed;
    this.faultAt = elapsed;
  }

  #note({ number }: Machine, text: string): void {
    this.#options.note("process", `${number}: ${text}`);
  }
}
