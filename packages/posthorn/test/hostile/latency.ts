/** Probes a server repeatedly with requests that it must always answer, and measures their delay. */
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

export interface Probe {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly token: string;
  readonly body: string;
}

/** Times are those of `performance.now()`. */
export interface Round {
  readonly from: number;
  readonly to: number;
  /** Milliseconds of the slowest probe beyond those of the control, on a machine as fast as it was at best. */
  readonly excess: number;
}

/** Milliseconds between two rounds. */
const PAUSE_MS = 5;

export class Latency implements AsyncDisposable {
  readonly rounds: Round[] = [];
  /** A response to a probe other than a success. */
  readonly refusals: number[] = [];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #probes: readonly Probe[];
  readonly #control: Probe;
  readonly #running: Promise<void>;
  /** The fastest response of the control. */
  #best = Infinity;
  #isOver = false;

  /** @param control A request that is answered at once unless the machine itself is blocked. */
  constructor(probes: readonly Probe[], control: Probe) {
    this.#probes = probes;
    this.#control = control;
    this.#running = this.#run();
  }

  /** The longest delay of a probe during some work. */
  worstBetween(from: number, to: number): number {
    return Math.max(
      0,
      ...this.rounds.filter((round) => round.from < to && round.to > from).map(({ excess }) => excess),
    );
  }

  /** Resolves once a round has begun after this call, and ended. */
  async settled(): Promise<void> {
    const now = performance.now();
    while (!this.#isOver && (this.rounds.at(-1)?.from ?? 0) < now) await pause(PAUSE_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#running;
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const from = performance.now();
      const [control, ...times] = await Promise.all([this.#control, ...this.#probes].map((probe) => this.#time(probe)));
      this.#best = Math.min(this.#best, control!);
      const excess = (Math.max(...times) - control!) / (control! / this.#best);
      this.rounds.push({ from, to: performance.now(), excess });
      await pause(PAUSE_MS);
    }
  }

  #time({ url, method, token, body }: Probe): Promise<number> {
    const begun = performance.now();
    const headers = { authorization: `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      const asked = request(url, { method, headers, agent: this.#agent }, (response) => {
        response.resume().on("end", () => {
          if (response.statusCode! >= 300) this.refusals.push(response.statusCode!);
          resolve(performance.now() - begun);
        });
      });
      asked.on("error", reject).end(body);
    });
  }
}
