/**
 * Fails if a fenced block of a published document is not checked in one of the ways of `snippets/rule.ts`, or if it fails a check that runs
 * no other program.
 */
import { existsSync } from "node:fs";
import { allBlocks, type Block, placeOf } from "./snippets/blocks.ts";
import { faultsOfScript, isComparable, loadDefinitions } from "./snippets/commands.ts";
import { faultOfData } from "./snippets/parse.ts";
import { checkOf, SUITE_TESTS } from "./snippets/rule.ts";
import { unknownSettings } from "./snippets/settings.ts";

const ADVICE =
  "Mark it with `run`, `file=path` or `skip=reason` after the language: see docs/decisions/162-check-every-block-of-the-documents.md.";

const definitions = await loadDefinitions(".");
const counts = new Map<string, number>();
const faults = SUITE_TESTS.filter((test) => !existsSync(test)).map(
  (test) => `scripts/snippets/rule.ts: no test ${test}`,
);

for (const block of allBlocks(".")) for (const fault of faultsOf(block)) faults.push(`${placeOf(block)}: ${fault}`);

if (process.argv.includes("--counts")) for (const [kind, count] of counts) console.log(`${count} ${kind}`);
if (faults.length > 0) {
  console.error(`Blocks of documents that do not work, or that no test checks:\n  ${faults.join("\n  ")}`);
  process.exitCode = 1;
}

function faultsOf(block: Block): readonly string[] {
  const { language, mark, code } = block;
  const isComparableShell = language === "sh" && mark === "" && isComparable(code);
  const kind = isComparableShell ? "commands" : checkOf(block)?.kind;
  if (kind === undefined)
    return [
      `${language === "" ? "a block without a language" : `a block of ${language}`}, marked "${mark}". ${ADVICE}`,
    ];
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const unknown = unknownSettings(block);
  const named = unknown.map((name) => `There is no setting ${name}.`);
  if (language === "sh") return [...named, ...faultsOfScript(code, definitions)];
  const fault = kind === "parse" || kind === "skip" ? faultOfData(language, code) : null;
  return fault === null ? named : [...named, fault];
}
