/** The machines, and the faults of the processes on them. */
import type { Ledger } from "./ledger.ts";
import type { Run, Settings } from "./run.ts";
import { Machine } from "./machine.ts";
import { MachineClock } from "./machine-clock.ts";
import { expectOwnError } from "./error-check.ts";
import { type NodeWorld, SimulatedNode } from "./node.ts";
import { type MachineHappening, settingsOf } from "./plan.ts";
import type { Random } from "./random.ts";
import { isShared, type Span } from "./spans.ts";
import type { Verdict } from "./verdict.ts";
import { Life, type VirtualTime } from "./virtual-time.ts";

export interface FleetOptions {
  readonly span: Span;
  readonly time: VirtualTime;
  readonly ledger: Ledger;
  readonly verdict: Verdict;
  readonly random: Random;
  readonly boundsRandom: Random;
  /** Owner of events that are independent of processes. */
  readonly outside: Life;
  readonly world: () => NodeWorld;
  /** Changes the random settings of each process. */
  readonly adjust: (drawn: Settings) => Settings;
  readonly note: (kind: string, text: string) => void;
  /** Called before a process starts. */
  readonly onStart: () => void;
  /** Checks that errors of this work are our own. */
  readonly watch: (work: Promise<void>) => void;
}

/** Time beyond its grace period within which a process must stop. */
export const STOP_SLACK = 2 * 60_000;
/** Delay after which a process that failed to start is started again. */
export const START_AGAIN = 5000;
/** Time after which a process has caught up after a fault. */
export const WELL_MS = 15_000;
/** Maximum initial error of clocks in milliseconds, and maximum share of time by which they run fast or slow. */
const SKEW = 30_000;
const DRIFT = 0.01;

/** The processes of a simulation, and their faults. */
export interface Machines {
  readonly machines: readonly Machine[];
  /** Number of processes started so far. */
  readonly runs: number;
  /** The running processes. */
  readonly nodes: readonly SimulatedNode[];
  /** Whether everything is running that should run. */
  readonly isComplete: boolean;
  /** When one of the machines last had a fault, in elapsed milliseconds. */
  readonly faultAt: number;
  /** Time until which clocks that were set can be wrong, in elapsed milliseconds. */
  readonly wrongUntil: number;
  /** A random running process that is not frozen; `null`: there is none. */
  someNode(random?: Random): SimulatedNode | null;
  isWell(machine: number): boolean;
  /** Called after each event. */
  stepped(): void;
  happen(what: MachineHappening): void;
  /** Cancels the planned kills and stops of processes. */
  spare(): void;
  end(): void;
  /** Starts a process, again after a delay if it fails to start. */
  start(machine: Machine): void;
}

export class Fleet implements Machines {
  readonly machines: readonly Machine[];
  /** Machines whose link to the others is cut. */
  readonly #unlinked = new Set<number>();
  readonly #options: FleetOptions;
  #runs = 0;
  /** When one of the machines last had a fault, in elapsed milliseconds. */
  faultAt = 0;
  /** Time until which clocks that were set can be wrong, in elapsed milliseconds. */
  wrongUntil = 0;

  constructor(options: FleetOptions) {
    const { span, random, time } = options;
    this.#options = options;
    const wrong = (most: number): number => (isShared(span) ? (2 * random.next() - 1) * most : 0);
    this.machines = Array.from({ length: span.nodes }, (_, index) => {
      const clock = new MachineClock(time, { skewMs: Math.round(wrong(SKEW)), drift: wrong(DRIFT) });
      return new Machine(index + 1, clock);
    });
  }

  get runs(): number {
    return this.#runs;
  }

  get nodes(): readonly SimulatedNode[] {
    return this.machines.flatMap(({ node }) => (node === null ? [] : [node]));
  }

  get isComplete(): boolean {
    return this.nodes.length === this.machines.length;
  }

  someNode(random: Random = this.#options.random): SimulatedNode | null {
    const up = this.machines.filter(({ node, stands }) => node !== null && !stands);
    return up.length === 0 ? null : random.pick(up).node;
  }

  /** Whether a machine has been healthy and connected for long enough to have caught up. */
  isWell(machine: number): boolean {
    const { wellSince } = this.machines[machine - 1]!;
    return wellSince !== null && this.#options.time.elapsed - wellSince > WELL_MS;
  }

  isUnlinked(machine: number): boolean {
    return this.#unlinked.has(machine);
  }

  stepped(): void {
    for (const machine of this.machines) {
      if (machine.fuse !== null && --machine.fuse.events <= 0) this.#kill(machine, machine.fuse.downMs);
      else if (machine.stopsAtWork !== null) this.#stopAtWork(machine, machine.stopsAtWork);
    }
  }

  happen(what: MachineHappening): void {
    const machine = this.machines[what.machine - 1]!;
    switch (what.kind) {
      case "clock_jump":
        this.#note("clock_jump", machine, String(what.ms));
        this.faultAt = this.#options.time.elapsed;
        this.wrongUntil = Math.max(this.wrongUntil, this.faultAt + Math.abs(what.ms));
        machine.clock.jump(what.ms);
        return;
      case "crash":
        // A process that is not running cannot be killed.
        if (!machine.isDown) machine.fuse ??= { events: what.afterEvents, downMs: what.downMs };
        return;
      case "restart":
        if (!machine.stands) this.#stop(machine, what.downMs);
        return;
      case "restart_at_work":
        machine.stopsAtWork ??= what.downMs;
        return;
      case "freeze":
        if (!machine.isDown && !machine.stands) this.#freeze(machine, what.ms);
        return;
      case "cut":
        this.#cut(machine, what);
    }
  }

  spare(): void {
    for (const machine of this.machines) machine.fuse = machine.stopsAtWork = null;
  }

  end(): void {
    for (const machine of this.machines) machine.life.alive = machine.serverLife.alive = false;
  }

  start(machine: Machine): void {
    const { time, random, boundsRandom, span, onStart, ledger, adjust } = this.#options;
    const { number, clock } = machine;
    onStart();
    const settings = adjust(settingsOf(random, boundsRandom, span));
    const run: Run = { number: ++this.#runs, settings, machine: number, clock, startedAt: time.elapsed };
    machine.life = new Life();
    machine.serverLife = new Life();
    machine.run = run;
    this.#note("process", machine, `${run.number} starts with ${JSON.stringify(run.settings)}`);
    ledger.started(run);
    this.#changed(machine);
    void this.#bringUp(machine, run);
  }

  async #bringUp(machine: Machine, run: Run): Promise<void> {
    const { world, verdict } = this.#options;
    const { life, serverLife } = machine;
    try {
      machine.node = await SimulatedNode.start(world(), { run, life, serverLife });
      this.#note("process", machine, `${run.number} is up`);
      this.#changed(machine);
    } catch (error) {
      expectOwnError(verdict, error);
      this.#note("process", machine, `${run.number} did not come up: ${String(error)}`);
      this.#kill(machine, START_AGAIN);
    }
  }

  /** `kill -9`. */
  #kill(machine: Machine, downMs: number): void {
    this.#note("process", machine, "killed");
    this.#gone(machine, downMs);
  }

  /** SIGTERM. A process that does not stop in time violates a rule, unless it is killed in the meantime. */
  #stop(machine: Machine, downMs: number): void {
    const { node } = machine;
    if (node === null) return;
    this.#note("process", machine, "told to stop");
    machine.node = null;
    this.#changed(machine);
    const { time, verdict, watch } = this.#options;
    const { shutdownTimeoutMs } = node.run.settings;
    const cancel = time.after(node.life, shutdownTimeoutMs + STOP_SLACK, () =>
      verdict.broken("stops", `the process received the stop signal ${shutdownTimeoutMs + STOP_SLACK} ms ago`),
    );
    const stop = async (): Promise<void> => {
      await node.stop();
      cancel();
      this.#note("process", machine, "stopped");
      this.#gone(machine, downMs);
    };
    watch(stop());
  }

  #stopAtWork(machine: Machine, downMs: number): void {
    const { node, stands } = machine;
    if (node === null || stands || this.#options.ledger.inFlightOf(node.run) === 0) return;
    machine.stopsAtWork = null;
    this.#stop(machine, downMs);
  }

  #gone(machine: Machine, downMs: number): void {
    const { time, ledger, outside, world } = this.#options;
    const { run } = machine;
    machine.fuse = null;
    machine.life.alive = machine.serverLife.alive = false;
    machine.node = null;
    machine.run = null;
    world().database.drop(run!.number);
    ledger.processEnded(run!);
    this.#changed(machine);
    time.after(outside, downMs, () => this.start(machine));
  }

  /** SIGSTOP, and SIGCONT after `ms`. */
  #freeze(machine: Machine, ms: number): void {
    const { time, outside } = this.#options;
    const { life } = machine;
    this.#note("process", machine, `stands still for ${ms} ms`);
    time.freeze(life);
    this.#changed(machine);
    time.after(outside, ms, () => {
      time.thaw(life);
      if (machine.life !== life) return;
      this.#note("process", machine, "goes on");
      this.#changed(machine);
    });
  }

  #cut(machine: Machine, { what, ms }: MachineHappening & { kind: "cut" }): void {
    const { time, outside, world } = this.#options;
    const { number } = machine;
    const cuts = what === "database" ? world().database.cutOff : this.#unlinked;
    if (cuts.has(number)) return;
    this.#note("cut", machine, `${what} for ${ms} ms`);
    cuts.add(number);
    this.#changed(machine);
    time.after(outside, ms, () => {
      this.#note("cut", machine, `${what} is back`);
      cuts.delete(number);
      this.#changed(machine);
    });
  }

  /** A fault that affects the health of a machine started or ended. */
  #changed(machine: Machine): void {
    const { time, world } = this.#options;
    const { number, node, stands } = machine;
    const isCut = world().database.cutOff.has(number) || this.#unlinked.has(number);
    machine.changedAt = time.elapsed;
    machine.wellSince = node === null || stands || isCut ? null : time.elapsed;
    this.faultAt = Math.max(this.faultAt, time.elapsed);
  }

  #note(kind: string, { number }: Machine, text: string): void {
    this.#options.note(kind, this.machines.length === 1 ? text : `${number}: ${text}`);
  }
}
