import { expect, it } from "vitest";
import { requestLine } from "./request-line.ts";

it("a request line has a question mark only before a query, and never an empty path", () => {
  expect(requestLine({ method: "POST", path: "/ci", query: "from=shop" })).toBe("POST /ci?from=shop");
  expect(requestLine({ method: "GET", path: "", query: "" })).toBe("GET /");
});
