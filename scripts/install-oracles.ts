/** Installs the packages that only tests load, unless the installed ones are those of the lock file. */
import { installOracles } from "../packages/testkit/oracles/load.ts";

const start = performance.now();
const installed = installOracles();
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(
  installed
    ? `Installed the packages of the tests in ${seconds} s.`
    : "The packages of the tests are already installed.",
);
