#!/usr/bin/env node
"use strict";
// The entry point of the published package. Its syntax is that of old versions of Node, so that they print a sentence instead of an error.
// 24.9 is the first that lets a server choose which requests become WebSockets.
var needed = "24.9";
var used = process.versions.node;
var version = used.split(".");
var isOld = Number(version[0]) < 24 || (Number(version[0]) === 24 && Number(version[1]) < 9);
var problem = "posthorn: Posthorn needs Node.js " + needed + " or newer, and this is Node.js " + used + ". ";
var remedy = "Install a newer one, or run: npx --package=node@24 --package=posthorn posthorn\n";
if (isOld) {
  process.stderr.write(problem + remedy);
  process.exitCode = 1;
} else {
  module.exports = require("./run.cjs");
}
