/** Starts slow test files first, so that no core is idle at the end. In a new clone, Vitest would start the largest files first. */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

/** Durations of slow files, in seconds. Written by `npm test -- --durations`. */
const SECONDS = JSON.parse(readFileSync(`${REPOSITORY}scripts/slow-tests.json`, "utf8")) as Readonly<
  Record<string, number>
>;

function secondsOf({ moduleId }: TestSpecification): number {
  return SECONDS[relative(REPOSITORY, moduleId)] ?? 0;
}

/** Sorts the files of all projects together. For projects whose files do not share processes. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => secondsOf(other) - secondsOf(one));
  }
}

/** Keeps the projects one after the other, because files of one project share processes, and sorts the files of each. */
export class SlowFirstOfProject extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const projects = Map.groupBy(await super.sort(files), ({ project }) => project.name);
    return [...projects.values()].flatMap((some) => some.toSorted((one, other) => secondsOf(other) - secondsOf(one)));
  }
}
