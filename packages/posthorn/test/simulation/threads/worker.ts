/**
 * A thread that runs a node in addition to the main thread of a simulated process: like `threads/server-thread.ts` and
 * `threads/run-node.ts`, in virtual time.
 */
import type { MessagePort } from "node:worker_threads";
import type { LoopTime } from "../../../src/lib/clock.ts";
import type { FromThread, ThreadStart, ToThread } from "../../../src/threads/protocol.ts";
import type { ThreadWorker } from "../../../src/threads/pool.ts";
import { SiblingPorts } from "../../../src/threads/siblings.ts";
import type { SimulatedNode } from "../node.ts";
import type { Random } from "../random.ts";
import type { Life, VirtualTime } from "../virtual-time.ts";
import { simulatedPort } from "./channel.ts";

/** Time that a message to or from the main thread takes, in milliseconds. */
const MESSAGE_MS = 0.1;
/** Share of the hanging threads that cannot be terminated for a while. */
const KEPT = 0.2;
const KEPT_MS = 90_000;

export interface WorkerOptions {
  readonly start: ThreadStart;
  readonly time: VirtualTime;
  readonly random: Random;
  /** The main thread. */
  readonly mainLife: Life;
  readonly loop: LoopTime;
  readonly life: Life;
  /** Starts its node. */
  readonly startNode: (siblings: SiblingPorts) => Promise<SimulatedNode>;
  /** Called when its node runs, and `null` when it no longer does. */
  readonly onNode: (node: SimulatedNode | null) => void;
  /** Called when the thread has ended. */
  readonly onEnd: () => void;
}

type Listener = (value: never) => void;

export class SimulatedWorker implements ThreadWorker {
  readonly life: Life;
  readonly performance = { eventLoopUtilization: () => ({ idle: 0, active: 0, utilization: 0 }) };
  readonly #options: WorkerOptions;
  readonly #siblings: SiblingPorts;
  readonly #listeners = new Map<string, Listener>();
  readonly #stop = Promise.withResolvers<void>();
  #nodeId: number | null = null;
  #isEnded = false;
  #exited = Promise.withResolvers<number>();

  constructor(options: WorkerOptions) {
    const { start, time, life, loop, random } = options;
    this.#options = options;
    this.life = life;
    this.#siblings = new SiblingPorts({ process: start.process, onSilent: () => undefined, time: loop });
    for (const { thread, port } of start.siblings) this.#add(thread, port);
    // It loads code.
    time.after(life, random.span(50, 2000), () => void this.#run());
  }

  on(event: string, listener: Listener): void {
    this.#listeners.set(event, listener);
  }

  postMessage(message: ToThread): void {
    this.#options.time.after(this.life, MESSAGE_MS, () => this.#receive(message));
  }

  terminate(): Promise<number> {
    const { time, mainLife, random } = this.#options;
    const isKept = this.life.held !== null && random.chance(KEPT);
    this.life.alive = false;
    time.after(mainLife, random.span(1, isKept ? KEPT_MS : 20), () => this.end(1));
    return this.#exited.promise;
  }

  /** Crashes, or ends. */
  end(code: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.life.alive = false;
    this.#options.onEnd();
    this.#exited.resolve(code);
    this.#options.time.after(this.#options.mainLife, MESSAGE_MS, () => this.#emit("exit", code));
  }

  async #run(): Promise<void> {
    const { startNode, onNode } = this.#options;
    try {
      const node = await startNode(this.#siblings);
      this.#nodeId = node.id;
      onNode(node);
      this.#tell({ op: "running", nodeId: node.id });
      await this.#stop.promise;
      onNode(null);
      await node.stop();
      this.#siblings[Symbol.dispose]();
      this.end(0);
    } catch (error) {
      this.#options.time.after(this.#options.mainLife, MESSAGE_MS, () => this.#emit("error", error));
      this.end(1);
    }
  }

  #receive(message: ToThread): void {
    switch (message.op) {
      case "sibling":
        this.#add(message.sibling.thread, message.sibling.port);
        return this.#tell({ op: "sibling added", thread: message.sibling.thread });
      case "ping":
        return this.#tell({ op: "pong", nodeId: this.#nodeId });
      case "stop":
        return this.#stop.resolve();
      case "metrics":
        return this.#tell({ op: "metrics", id: message.id, metrics: [] });
    }
  }

  #add(thread: number, port: MessagePort): void {
    simulatedPort(port).life = this.life;
    this.#siblings.add(thread, port);
  }

  #tell(message: FromThread): void {
    this.#options.time.after(this.#options.mainLife, MESSAGE_MS, () => this.#emit("message", message));
  }

  #emit(event: string, value: unknown): void {
    this.#listeners.get(event)?.(value as never);
  }
}
