/**
 * Builds the dashboard and the documentation into the server, then the published packages in the order of their dependencies: `tsc` to
 * `dist/`, and the licence beside it. Then bundles the server. Does not check types, which takes twice as long as the rest; `npm run types`
 * does.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, rmSync } from "node:fs";

const { status: web } = spawnSync("node", ["scripts/build-dashboard.ts", ...process.argv.slice(2)], {
  stdio: "inherit",
});
if (web !== 0) process.exit(web ?? 1);
const { status: docs } = spawnSync("node", ["scripts/build-docs.ts", ...process.argv.slice(2)], { stdio: "inherit" });
if (docs !== 0) process.exit(docs ?? 1);

for (const name of ["webhooks", "egress", "posthorn"]) {
  const folder = `packages/${name}`;
  rmSync(`${folder}/dist`, { recursive: true, force: true });
  // A program next to a library has a separate project: it may use Node where the library may not.
  for (const project of [`${folder}/tsconfig.build.json`, `${folder}/tsconfig.bin.json`].filter((path) =>
    existsSync(path),
  )) {
    const { status } = spawnSync("tsc", ["-p", project, "--noCheck"], { stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  }
  copyFileSync("LICENSE", `${folder}/LICENSE`);
}

const { status: server } = spawnSync("node", ["scripts/bundle-server.ts"], { stdio: "inherit" });
if (server !== 0) process.exit(server ?? 1);
