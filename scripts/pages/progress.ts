/** Progress of a build: lines for people and, if another script started the build, messages for that script. */

/** Message from a build to the script that started it. */
export type BuildMessage =
  | { readonly kind: "building"; readonly step: string }
  /** The pages can be served. The build may continue. */
  | { readonly kind: "ready" };

/** Reports the steps of a build, with the seconds since its process started. */
export class BuildProgress {
  readonly #name: string;
  readonly #steps: number;
  #step = 0;

  constructor(name: string, steps: number) {
    this.#name = name;
    this.#steps = steps;
  }

  begin(step: string): void {
    this.#step++;
    this.#print(step);
    tell({ kind: "building", step: `step ${this.#step} of ${this.#steps}: ${step}` });
  }

  ready(): void {
    tell({ kind: "ready" });
  }

  done(): void {
    this.#print("done");
  }

  /** The current step, for an error message. */
  get current(): string {
    return `${this.#step} of ${this.#steps}`;
  }

  #print(text: string): void {
    const seconds = (performance.now() / 1000).toFixed(1).padStart(5);
    console.log(`${seconds} s  ${this.#name} ${this.#step}/${this.#steps}: ${text}`);
  }
}

function tell(message: BuildMessage): void {
  if (process.connected) process.send?.(message);
}
