/** Builds the published packages in the order of their dependencies: `tsc` to `dist/`, and the licence beside it. */
import { spawnSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";

for (const name of ["webhooks", "egress", "posthorn"]) {
  const folder = `packages/${name}`;
  rmSync(`${folder}/dist`, { recursive: true, force: true });
  const { status } = spawnSync("tsc", ["-p", `${folder}/tsconfig.build.json`], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  copyFileSync("LICENSE", `${folder}/LICENSE`);
}
