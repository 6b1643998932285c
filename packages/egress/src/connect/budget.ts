import { EgressError } from "../errors.ts";
import type { OpenPhase } from "./open.ts";

/** The time there is to reach a proxy and the target: shorter than the deadline, so that a dead host is told early. */
export class ConnectBudget {
  readonly #limitMs: number;
  readonly #controller: AbortController;
  #timer: NodeJS.Timeout | null = null;
  #phase: OpenPhase | null = null;

  /** @param controller Ends the opening of the connection, when the time is over. */
  constructor(limitMs: number, controller: AbortController) {
    this.#limitMs = limitMs;
    this.#controller = controller;
  }

  /** Starts the clock with the first phase that is about reaching someone, and stops it with the last. */
  enter(phase: OpenPhase | null): void {
    this.#phase = phase;
    if (phase === "proxy" || phase === "connect") {
      this.#timer ??= setTimeout(onLimit, this.#limitMs, this);
    } else if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
  }

  expire(): void {
    const code = this.#phase === "proxy" ? "proxy_failed" : "connect_timeout";
    this.#controller.abort(new EgressError(code, `no connection within the ${this.#limitMs} ms of connectTimeoutMs`));
  }
}

function onLimit(budget: ConnectBudget): void {
  budget.expire();
}
