/** Preloaded into a program (`--import`): writes the URLs of the modules that its main thread loaded to `LOADED_MODULES` when it ends. */
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { isMainThread } from "node:worker_threads";

const path = process.env["LOADED_MODULES"];
if (isMainThread && path !== undefined) {
  const urls: string[] = [];
  registerHooks({
    load(url, context, next) {
      urls.push(url);
      return next(url, context);
    },
  });
  process.on("exit", () => writeFileSync(path, urls.join("\n")));
}
