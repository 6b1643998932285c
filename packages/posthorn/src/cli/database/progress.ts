/** Progress of a copy, printed to standard error once a second. */
import type { CopyProgress } from "../../store/copy/copy.ts";
import { size } from "../output.ts";

const EVERY_MS = 1000;

export class ProgressLine {
  readonly #total: number;
  #step: CopyProgress["step"] | null = null;
  #begun = 0;
  #rowsBefore = 0;
  #shown = 0;

  /** @param total Number of rows in all tables. */
  constructor(total: number) {
    this.#total = total;
  }

  show(progress: CopyProgress): void {
    const now = performance.now();
    if (progress.step !== this.#step) {
      this.#step = progress.step;
      this.#begun = now;
      this.#rowsBefore = progress.rows;
      this.#shown = -Infinity;
    }
    if (now - this.#shown < EVERY_MS) return;
    this.#shown = now;
    process.stderr.write(`${this.#text(progress, (now - this.#begun) / 1000)}\n`);
  }

  #text({ step, table, rows, bytes }: CopyProgress, seconds: number): string {
    const percent = this.#total === 0 ? 100 : Math.min(100, Math.floor((rows / this.#total) * 100));
    const done = `${step === "copy" ? "copied" : "checked"} ${rows} of ${this.#total} rows (${percent} %), ${size(bytes)}`;
    const rate = seconds === 0 ? 0 : (rows - this.#rowsBefore) / seconds;
    if (rate === 0) return `${table}: ${done}`;
    return `${table}: ${done}, ${Math.round(rate)} rows per second, ${duration((this.#total - rows) / rate)} left`;
  }
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 120) return `${whole} s`;
  return whole < 7200 ? `${Math.ceil(whole / 60)} min` : `${Math.ceil(whole / 3600)} h`;
}
