/** The driver of each source kind that is read. */
import type { SourceDriver } from "./driver.ts";
import { SCHEDULE_DRIVER } from "./drivers/schedule.ts";

const DRIVERS: Readonly<Record<string, SourceDriver>> = {
  schedule: SCHEDULE_DRIVER,
};

/** `null`: events of the kind arrive as requests, or this version does not know it. */
export function sourceDriver(kind: string): SourceDriver | null {
  return Object.hasOwn(DRIVERS, kind) ? DRIVERS[kind]! : null;
}
