/** Table of the tasks that `e2e/test/tasks-*.test.ts` performs in a browser, with the clicks that they took in the review and take now. */
import { readFileSync } from "node:fs";

const FILES = ["e2e/test/tasks-operator.test.ts", "e2e/test/tasks-builders.test.ts"];
/** Number of tasks in the review. */
const TASKS = 38;
const GROUP = /^describe\("(?:an? )?([^"]+)"/;
const TITLE = /^ {2}it\("(\d+)\. (.*) \(before: ([^;)]*)(; without a mouse)?\)", /;
const CALL = /^ {4}task(?:ByKeyboard)?\(\w+, (\d+), /;

interface Task {
  readonly number: number;
  readonly who: string;
  readonly title: string;
  readonly before: string;
  readonly clicks: number;
  readonly isByKeyboard: boolean;
}

export function taskTable(): string {
  const tasks = FILES.flatMap((file) => tasksIn(readFileSync(file, "utf8")));
  const missing = Array.from({ length: TASKS }, (_, index) => index + 1).filter(
    (number, index) => tasks[index]?.number !== number,
  );
  if (missing.length > 0)
    throw new Error(`No test of task ${missing[0]} in ${FILES.join(" or ")}, or not in its place.`);
  const rows = tasks.map(({ number, who, title, before, clicks, isByKeyboard }) => {
    const cells = [
      number,
      who,
      title,
      before === "not possible" ? "–" : before.replace(/ clicks?$/, ""),
      clicks,
      isByKeyboard ? "yes" : "",
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const head = ["#", "Who", "Task", "Review", "Now", "By keyboard alone"];
  return [`| ${head.join(" | ")} |`, "| --: | --- | --- | --: | --: | --- |", ...rows].join("\n");
}

function tasksIn(source: string): readonly Task[] {
  const lines = source.split("\n");
  let who = "";
  return lines.flatMap((line, index) => {
    who = GROUP.exec(line)?.[1] ?? who;
    const title = TITLE.exec(line);
    if (title === null) return [];
    const call = CALL.exec(lines[index + 1] ?? "");
    if (call === null) throw new Error(`Task ${title[1]} does not say how many clicks it takes.`);
    return {
      number: Number(title[1]),
      who,
      title: title[2]!,
      before: title[3]!,
      clicks: Number(call[1]),
      isByKeyboard: title[4] !== undefined,
    };
  });
}
