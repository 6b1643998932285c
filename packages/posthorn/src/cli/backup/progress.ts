/** Progress and speed limit of a backup or restore. */
import { PosthornError } from "../../lib/errors.ts";
import { Pace } from "../../store/backup/pace.ts";
import { printNote, size } from "../output.ts";

const EVERY_MS = 1000;
const MIB = 1024 * 1024;

/** Prints the bytes done once a second, except with `--quiet`. */
export function byteProgress(
  verb: string,
  options: Record<string, unknown>,
): (done: number, total: number | null) => void {
  let shown = performance.now();
  return (done, total) => {
    const now = performance.now();
    if (options["quiet"] === true || now - shown < EVERY_MS) return;
    shown = now;
    const of = total === null || total === 0 ? "" : ` of ${size(total)} (${Math.floor((done / total) * 100)} %)`;
    printNote(`${verb} ${size(done)}${of}`);
  };
}

/** Reads `--rate`, in MiB per second; 0: no limit. */
export function paceOf(verb: string, options: Record<string, unknown>): Pace {
  const text = String(options["rate"]);
  const rate = Number(text);
  if (text.trim() === "" || !Number.isFinite(rate) || rate < 0) {
    throw new PosthornError(
      "config_invalid",
      `--rate ${text} is not a number of MiB per second, such as 50; 0 is no limit.`,
    );
  }
  return new Pace(rate === 0 ? null : rate * MIB, byteProgress(verb, options));
}
