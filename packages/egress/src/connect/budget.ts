import { EgressError } from "../errors.ts";
import type { OpenPhase } from "./open.ts";

/**
 * Time limit for reaching a proxy and the target. It is shorter than the timeout of the request, so that a dead host
 * is reported early.
 */
export class ConnectBudget {
  readonly #limitMs: number;
  readonly #controller: AbortController;
  #timer: NodeJS.Timeout | null = null;
  #phase: OpenPhase | null = null;

  /** @param controller Aborts opening the connection when the limit has passed. */
  constructor(limitMs: number, controller: AbortController) {
    this.#limitMs = limitMs;
    this.#controller = controller;
  }

  /** Starts the timer with the first phase that reaches out to another host, and stops it after the last. */
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
