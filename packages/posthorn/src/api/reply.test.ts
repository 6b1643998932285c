import { describe, expect, it } from "vitest";
import { list } from "./reply.ts";

const bodyOf = (page: Parameters<typeof list<string>>[0]): unknown =>
  JSON.parse(
    list(
      page,
      (row) => row,
      (id) => ({ id }),
    ).json!,
  );

describe("a list", () => {
  it("is paged by its rows", () => {
    const data = [{ id: "b" }, { id: "a" }];
    expect(bodyOf({ rows: ["b", "a"], done: false })).toEqual({ data, iterator: "a", prevIterator: "-b", done: false });
    expect(bodyOf({ rows: [], done: true })).toEqual({ data: [], iterator: null, done: true });
  });

  it("whose scan went past its rows continues from where the scan ended, even without rows", () => {
    const data = [{ id: "b" }];
    expect(bodyOf({ rows: ["b"], done: false, next: "a" })).toEqual({
      data,
      iterator: "a",
      prevIterator: "-b",
      done: false,
    });
    expect(bodyOf({ rows: [], done: false, next: "a" })).toEqual({ data: [], iterator: "a", done: false });
    expect(bodyOf({ rows: ["b"], done: false, next: "-c" })).toEqual({
      data,
      iterator: "b",
      prevIterator: "-c",
      done: false,
    });
    expect(bodyOf({ rows: [], done: false, next: "-c" })).toEqual({
      data: [],
      iterator: null,
      prevIterator: "-c",
      done: false,
    });
  });
});
