import { expect, it } from "vitest";
import { LedgerFixture } from "../ledger-fixture.ts";
import { SharesCheck } from "./shares.ts";

const HERE = 1;
const BESIDE = 2;

/** Ledger with two endpoints on one host, which may have two attempts in flight, and three messages for each. */
function booksOfTwo(): LedgerFixture {
  const books = new LedgerFixture({ hostConcurrency: 2 }, (world) => new SharesCheck(world));
  books.endpoint(HERE, "receiver.example.com");
  books.endpoint(BESIDE, "receiver.example.com:8443");
  for (const endpointId of [HERE, BESIDE]) for (const message of [1, 2, 3]) books.delivery(message, endpointId);
  return books;
}

it("counts attempts over all endpoints of a host", () => {
  const books = booksOfTwo();
  books.begin(1, HERE);
  books.begin(1, BESIDE);
  expect(books.verdict.violation).toBeNull();
  books.begin(2, BESIDE);
  expect(books.verdict.violation?.text).toBe("3 attempts in flight to receiver.example.com, limit 2");
});

it("does not count deliveries to a host that are canceled because their endpoint was deleted", () => {
  const books = booksOfTwo();
  books.endpoint(BESIDE, "receiver.example.com:8443", { deleted: true });
  const canceled = [1, 2, 3].map((message) => books.begin(message, BESIDE));
  for (const message of [1, 2]) books.begin(message, HERE);
  for (const attempt of canceled) books.ledger.ended(attempt, { kind: "void" });
  expect(books.verdict.violation).toBeNull();
  books.begin(3, HERE);
  expect(books.verdict.violation?.rule).toBe("caps");
});

it("counts requests of a process that does not know yet that the endpoint was deleted", () => {
  const books = booksOfTwo();
  books.endpoint(BESIDE, "receiver.example.com:8443", { deleted: true });
  const [last, ...others] = [1, 2, 3].map((message) => books.begin(message, BESIDE));
  for (const attempt of others) books.request(attempt);
  expect(books.verdict.violation).toBeNull();
  books.request(last!);
  expect(books.verdict.violation?.text).toBe("3 attempts in flight to receiver.example.com, limit 2");
});
