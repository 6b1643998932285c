/** The time of this machine. Everything that waits or looks at the time gets a clock passed in; this is the one of a real node. */
import type { Clock } from "../dispatch/types.ts";

/** Time that passes, whatever clocks are set to. */
export interface PassingTime {
  /** Milliseconds from some moment on. */
  monotonic(): number;
  /** Calls back once after `ms`; the result takes it back. */
  setTimer(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  setTimer: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** That of this machine. */
export const systemTime: PassingTime = { monotonic: () => performance.now(), setTimer: systemClock.setTimer };
