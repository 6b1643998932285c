/** Clock and monotonic time of this machine. Code that needs the time receives it as a parameter; these are passed in on a real node. */

/** Monotonic time, which changes of the system clock do not affect. */
export interface PassingTime {
  /** Milliseconds since an arbitrary moment. */
  monotonic(): number;
  /** Calls back once after `ms`. Returns a function that cancels the timer. */
  setTimer(ms: number, callback: () => void): () => void;
}

/** Implements `Clock` of the dispatcher. */
export const systemClock = {
  now: Date.now,
  setTimer: (ms: number, callback: () => void): (() => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Monotonic time of this machine. */
export const systemTime: PassingTime = { monotonic: () => performance.now(), setTimer: systemClock.setTimer };
