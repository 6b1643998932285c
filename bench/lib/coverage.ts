/**
 * Preloaded into the main thread of a server: counts function calls with V8's precise coverage. Sends the calls since the previous message
 * whenever it receives one.
 */
import { Session } from "node:inspector";
import { isMainThread } from "node:worker_threads";

/** Calls of one function of a module. */
export interface FunctionCalls {
  /** URL of the module. */
  readonly url: string;
  /** Empty for an anonymous function. */
  readonly name: string;
  /** Offset in the module. */
  readonly start: number;
  readonly calls: number;
}

const MODULE = /\/packages\/\w+\/src\/.*\.ts$/;

// Worker threads inherit the flag that loads this module.
if (isMainThread && process.send !== undefined) {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  process.on("message", () => {
    session.post("Profiler.takePreciseCoverage", (error, taken) => {
      if (error !== null) throw new Error("V8 returned no coverage", { cause: error });
      const calls: FunctionCalls[] = [];
      for (const { url, functions } of taken.result) {
        if (!MODULE.test(url)) continue;
        for (const { functionName, ranges } of functions) {
          const [whole] = ranges;
          if (whole === undefined || whole.count === 0) continue;
          calls.push({ url, name: functionName, start: whole.startOffset, calls: whole.count });
        }
      }
      process.send!(calls);
    });
  });
  // The server can end while the channel is open.
  process.channel?.unref();
}
