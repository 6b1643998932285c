/**
 * `npm start`: starts the server from source at once, and at the same time builds the dashboard and the documentation if their sources have
 * changed. The server shows a page with the progress until they are ready.
 */
import { boundYoungGeneration } from "../packages/posthorn/src/cli/young-generation.ts";

// Before anything else is loaded, because it may restart the process.
boundYoungGeneration();
const { buildBeside } = await import("./pages/build-beside.ts");

const { builds, names, stop } = buildBeside();
const building = names.length === 0 ? "." : `, and building the ${names.join(" and the ")} at the same time.`;
console.log(`Starting the server${building}`);
const { runProgram } = await import("../packages/posthorn/src/cli/program.ts");

process.exitCode = await runProgram(process.argv.slice(2), { pageBuilds: builds });
stop();
