import { invalid } from "../../lib/errors.ts";
import { dueTimes, type ScheduleConfig, scheduleProblem } from "../../sources/schedule/due-times.ts";
import type { Call } from "../context.ts";

const SHOWN = 5;

/** The next due times of a schedule that would be created now. Throws a validation error with the field. */
export function nextDueTimes({ ctx, input }: Call<ScheduleConfig>): readonly number[] {
  const wrong = scheduleProblem(input);
  if (wrong !== null) throw invalid(["query", wrong.field], wrong.problem);
  const times = dueTimes(input);
  const found: number[] = [];
  for (let at: number | null = ctx.services.now(); found.length < SHOWN;) {
    at = times.next(at);
    if (at === null) break;
    found.push(at);
  }
  return found;
}
