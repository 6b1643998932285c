#!/usr/bin/env node
import { runProgram } from "./cli/program.ts";

// Who reads the output may stop early, as `head` does: that is the end of the output and not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await runProgram(process.argv.slice(2));
