"use strict";
// Separate from posthorn.cjs, because old versions of Node do not know `import()`.
void import("../dist/server/main.js");
