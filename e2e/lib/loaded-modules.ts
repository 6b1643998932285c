/**
 * Preloaded into a program (`--import`): writes the URLs of the modules that its main thread loaded to `LOADED_MODULES` when it ends, and
 * those of each worker thread to a file with the name of the thread at its end.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { isMainThread, threadName } from "node:worker_threads";

const path = process.env["LOADED_MODULES"];
if (path !== undefined) {
  const urls: string[] = [];
  registerHooks({
    load(url, context, next) {
      if (isMainThread) urls.push(url);
      else appendFileSync(`${path}.${threadName}`, `${url}\n`);
      return next(url, context);
    },
  });
  if (isMainThread) process.on("exit", () => writeFileSync(path, urls.join("\n")));
}
