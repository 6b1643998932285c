#!/usr/bin/env node
import { boundYoungGeneration } from "./cli/young-generation.ts";

// Before anything else is loaded, because it may start the process again.
boundYoungGeneration();
const { cacheFolder } = await import("./config/cache-folder.ts");
const { keepCompiledCode } = await import("./lib/compiled-code.ts");
keepCompiledCode(import.meta.url, cacheFolder());
const { runProgram } = await import("./cli/program.ts");

// Who reads the output may stop early, as `head` does: that is the end of the output and not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await runProgram(process.argv.slice(2));
