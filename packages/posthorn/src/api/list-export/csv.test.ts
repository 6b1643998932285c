import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvHead, csvLine } from "./csv.ts";

describe("a line of CSV", () => {
  it("has the values at the paths, lists as JSON, and empty cells for missing values", () => {
    const row = { id: "a", sums: { failed: -2 }, tags: ["x", "y"], none: null, done: false };
    expect(csvHead(["id", "sums.failed"])).toBe("id,sums.failed\r\n");
    expect(csvLine(row, ["id", "sums.failed", "tags", "none", "other.deep", "done"])).toBe(
      'a,-2,"[""x"",""y""]",,,false\r\n',
    );
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])("disarms %j", (text) => {
    expect(csvLine({ text }, ["text"]).replaceAll('"', "")).toBe(`'${text}\r\n`);
  });

  it("never begins a cell with a character that starts a formula, and keeps the text", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 4 }), (texts) => {
        const row = Object.fromEntries(texts.map((text, place) => [`c${place}`, text]));
        const line = csvLine(row, Object.keys(row));
        const cells = parse(line);
        expect(cells.map((cell, place) => (cell === `'${texts[place]}` ? texts[place] : cell))).toEqual(texts);
        for (const cell of cells) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
      }),
    );
  });
});

/** The cells of a line, by the rules of RFC 4180. */
function parse(line: string): readonly string[] {
  const cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < line.length - 2; at++) {
    const character = line[at]!;
    if (isQuoted && character === '"' && line[at + 1] === '"') cell += line[++at]!;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === "," && !isQuoted) {
      cells.push(cell);
      cell = "";
    } else cell += character;
  }
  return [...cells, cell];
}
