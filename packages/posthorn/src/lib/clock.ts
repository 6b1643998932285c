/** System clock and monotonic time. Code that needs the time receives it as a parameter; production code passes these. */

/** Monotonic time, unaffected by changes of the system clock. */
export interface PassingTime {
  /** Milliseconds since an arbitrary point in time. */
  monotonic(): number;
  /** Calls back once after `ms`. Returns a function that cancels the timer. */
  setTimer(ms: number, callback: () => void): () => void;
}

/** Monotonic time, and the turns of the event loop of this thread. */
export interface LoopTime extends PassingTime {
  /** Calls back once when this turn of the event loop has ended. Returns a function that cancels it. */
  afterTurn(callback: () => void): () => void;
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

/** The same, with the event loop of this thread. */
export const systemLoop: LoopTime = {
  ...systemTime,
  afterTurn: (callback) => {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  },
};
