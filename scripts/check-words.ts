/**
 * Word list of the voice: fails when documents, texts, comments or code contain a phrase that the glossary replaces
 * (docs/glossary.md). Prints file and line, the phrase, and what to write instead.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Phrases in lower case, and what to write instead. `…` stands for up to two words; line breaks count as spaces. */
const WORDS: Readonly<Record<string, string>> = {
  anybody: 'name who acts: "a client", "any node"',
  nobody: 'name who acts: "no node", "no endpoint"',
  somebody: 'name who acts: "a person", "an operator"',
  whoever: 'name who acts: "the caller", "anyone with the link"',
  "all is well": "all systems healthy",
  "all the same": "still",
  anew: '"again", or the verb: "recreated", "renumbered"',
  "any longer": "no longer",
  "as wanted": '"as configured", or name the value',
  "at the first try": "on the first attempt",
  "came of it": "name the result",
  "comes of it": "name the result",
  "ended well": "succeeded",
  "gone well": "succeeded",
  "for ever": '"forever", or until when',
  gotten: '"fetched", "backfilled"',
  "has had its time": '"has expired", "is past its retention period"',
  "have had their time": '"have expired", "are past their retention period"',
  "in peace": "without downtime",
  "in the clear": "in plain text",
  "is away": "is unavailable",
  "is no json": "is not JSON",
  "is told apart": "is distinguished",
  lately: "recently",
  "its time is over": '"has expired", "the deadline has passed"',
  "leave … alone": '"skip", "do not change"',
  "leaves … alone": '"skips", "does not change"',
  "left alone": '"on hold", "circuit open", "unchanged"',
  "needs you": "needs attention",
  "not any more": "no longer",
  "nothing any more": "nothing else",
  "of late": "recently",
  "stand here": '"appear here", "are listed here"',
  "stands here": '"appears here", "is listed here"',
  "tell whether": '"check whether", "show whether"',
  "tells whether": '"checks whether", "shows whether"',
  "there is to": "name it",
  wayward: "faulty",
  "what became of": "name the result",
  "what came of": "name the result",
  "one behind the other": "one after the other",
  "the other way round": "vice versa",
  "switched off": '"disabled" (by a person), "auto-disabled" (by Posthorn)',
  "what it is told": "name what it receives",
  owed: '"deliveries", "pending deliveries"',
  owes: '"has pending deliveries"',
};

/** This list, the glossary that quotes the words, other languages, changelogs, third-party data, and the name of a user of the system. */
const EXEMPT =
  /^(?:scripts\/check-words\.ts|packages\/testkit\/src\/counterparts\/dovecot\.ts|docs\/glossary\.md|vectors\/|packages\/dashboard\/src\/i18n\/de(?:\/|\.ts))|(?:^|\/)(?:CHANGELOG\.md|package-lock\.json)$|\.generated\./;
const CHECKED = /\.(?:md|[cm]?[jt]sx?|json|sql|html|css|sh|yml|yaml)$/;

/** Matches the gap between two words of a phrase: white space, comment markers, and concatenated string literals. */
const GAP = String.raw`(?:[\s*>|]|//|["'\`]\s*\+\s*["'\`])+`;
/** A name in code, such as `noBody`. */
const CAMEL_CASE = /[a-z][A-Z]/;
const UP_TO_TWO_WORDS = String.raw`${GAP}(?:[\w'\`]+${GAP}){0,2}`;

const patterns = Object.entries(WORDS).map(([phrase, instead]) => ({ pattern: patternOf(phrase), instead }));
const files = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
  .stdout.split("\n")
  .filter((path) => CHECKED.test(path) && !EXEMPT.test(path));
const hits = files.flatMap((path) => hitsIn(path, readFileSync(path, "utf8")));

if (hits.length > 0) {
  console.error(`Phrases that the glossary replaces (docs/glossary.md):\n  ${hits.join("\n  ")}`);
  process.exitCode = 1;
}

function patternOf(phrase: string): RegExp {
  const body = phrase.replaceAll(" … ", UP_TO_TWO_WORDS).replaceAll(" ", GAP);
  return new RegExp(`(?<![\\w-])${body}(?![\\w-])`, "gi");
}

function hitsIn(path: string, text: string): string[] {
  return patterns.flatMap(({ pattern, instead }) =>
    [...text.matchAll(pattern)].flatMap((match) => {
      if (CAMEL_CASE.test(match[0])) return [];
      const line = text.slice(0, match.index).split("\n").length;
      return [`${path}:${line}: "${match[0].replaceAll(/\s+/g, " ")}" → ${instead}`];
    }),
  );
}
