/** Channels between the simulated threads of a process: messages arrive later and in order, and the end of a thread closes its channels. */
import type { MessagePort } from "node:worker_threads";
import type { Random } from "../random.ts";
import type { Life, VirtualTime } from "../virtual-time.ts";

/** Maximum time that a message takes, in microseconds. */
const LATENCY_US = 300;

export interface ChannelsWorld {
  readonly time: VirtualTime;
  readonly random: Random;
}

type Arrival = { readonly message: unknown; readonly arrived: () => void } | "close";

/** One end of a channel. The product uses it as a `MessagePort`. */
export class SimulatedPort {
  readonly #world: ChannelsWorld;
  readonly #messages: ((message: never) => void)[] = [];
  readonly #closings: (() => void)[] = [];
  /** Messages that arrived before there was a listener; `null`: there is one. */
  #early: Arrival[] | null = [];
  /** When the last message arrives, in elapsed milliseconds. */
  #lastAt = 0;
  #isClosed = false;
  #send: (arrival: Arrival) => void = () => undefined;
  /** The thread that reads it. */
  life: Life;

  constructor(world: ChannelsWorld, life: Life) {
    this.#world = world;
    this.life = life;
  }

  join(peer: SimulatedPort): void {
    this.#send = (arrival) => peer.#arrive(arrival);
  }

  on(event: "message" | "close", listener: (message: never) => void): void {
    if (event === "close") return void this.#closings.push(listener as () => void);
    this.#messages.push(listener);
    const early = this.#early ?? [];
    this.#early = null;
    for (const arrival of early) this.#arrive(arrival);
  }

  /** @param arrived Called when it arrives. */
  postMessage(message: unknown, transfer: readonly ArrayBuffer[] = [], arrived: () => void = () => undefined): void {
    if (this.#isClosed) return;
    this.#send({ message: structuredClone(message, { transfer: [...transfer] }), arrived });
  }

  close(): void {
    if (this.#isClosed) return;
    this.die();
    this.#world.time.after(this.life, 0, () => this.#notify());
  }

  /** Closed with its thread. Messages that it has sent arrive before the other end closes. */
  die(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#send("close");
  }

  unref(): void {}

  #arrive(arrival: Arrival): void {
    if (this.#early !== null) return void this.#early.push(arrival);
    const { time, random } = this.#world;
    this.#lastAt = Math.max(this.#lastAt, time.elapsed + random.span(1, LATENCY_US) / 1000);
    time.after(this.life, this.#lastAt - time.elapsed, () => this.#receive(arrival));
  }

  #receive(arrival: Arrival): void {
    if (this.#isClosed) return;
    if (arrival === "close") {
      this.#isClosed = true;
      return this.#notify();
    }
    arrival.arrived();
    for (const listener of this.#messages) listener(arrival.message as never);
  }

  #notify(): void {
    for (const listener of this.#closings) listener();
  }
}

/** All channels of a process. */
export class Channels {
  readonly #world: ChannelsWorld;
  readonly #ports = new Set<SimulatedPort>();

  constructor(world: ChannelsWorld) {
    this.#world = world;
  }

  /** Creates a channel, both ends of which belong to one thread until they are moved. */
  create(life: Life): readonly [SimulatedPort, SimulatedPort] {
    const ends = [new SimulatedPort(this.#world, life), new SimulatedPort(this.#world, life)] as const;
    ends[0].join(ends[1]);
    ends[1].join(ends[0]);
    for (const end of ends) this.#ports.add(end);
    return ends;
  }

  /** A thread has ended. */
  ended(life: Life): void {
    for (const port of this.#ports) {
      if (port.life !== life) continue;
      port.die();
      this.#ports.delete(port);
    }
  }
}

/** The port as the product sees it. */
export function asMessagePort(port: SimulatedPort): MessagePort {
  return port as unknown as MessagePort;
}

export function simulatedPort(port: MessagePort): SimulatedPort {
  return port as unknown as SimulatedPort;
}
