#!/usr/bin/env node
"use strict";
// The entry point of the published package. Its syntax is that of old versions of Node, so that they print a sentence instead of an error.
var needed = 24;
var used = process.versions.node;
var problem = "posthorn: Posthorn needs Node.js " + needed + " or newer, and this is Node.js " + used + ". ";
var remedy = "Install a newer one, or run: npx --package=node@" + needed + " --package=posthorn posthorn\n";
if (Number(used.split(".")[0]) < needed) {
  process.stderr.write(problem + remedy);
  process.exitCode = 1;
} else {
  module.exports = require("./run.cjs");
}
