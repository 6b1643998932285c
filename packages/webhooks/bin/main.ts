#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { run } from "./cli.ts";

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  read: (path) => (path === undefined ? buffer(process.stdin) : readFile(path)),
  now: Date.now,
});
