/** The time of this machine. Everything that waits or looks at the time gets a clock passed in; this is the one of a real node. */
import type { Clock } from "./dispatch/types.ts";

export const systemClock: Clock = {
  now: Date.now,
  setTimer: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
