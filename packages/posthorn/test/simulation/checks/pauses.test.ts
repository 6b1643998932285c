import { expect, it } from "vitest";
import { LedgerFixture } from "../ledger-fixture.ts";
import { START } from "../virtual-time.ts";
import { PausesCheck } from "./pauses.ts";

const ENDPOINT = 1;
const PAUSED = { pausedUntil: START + 60_000 };

function booksOfOne(): LedgerFixture {
  const books = new LedgerFixture({}, (world) => new PausesCheck(world));
  books.endpoint(ENDPOINT, "receiver.example.com", PAUSED);
  books.delivery(1, ENDPOINT);
  return books;
}

it("a paused endpoint receives nothing", async () => {
  const books = booksOfOne();
  await books.at(1);
  books.begin(1, ENDPOINT);
  expect(books.verdict.violation?.rule).toBe("held_gets_nothing");
});

it("the deliveries of a paused endpoint are canceled once it is deleted (seed 6709)", async () => {
  const books = booksOfOne();
  books.endpoint(ENDPOINT, "receiver.example.com", { ...PAUSED, deleted: true });
  await books.at(1);
  const attempt = books.begin(1, ENDPOINT);
  books.ledger.ended(attempt, { kind: "void", reason: "endpoint_gone" });
  expect(books.verdict.violation).toBeNull();
});
