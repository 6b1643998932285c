import { expect, it } from "vitest";
import { BooksByHand } from "../ledger-fixture.ts";
import { START } from "../virtual-time.ts";
import { PausesCheck } from "./pauses.ts";

const ENDPOINT = 1;
const PAUSED = { pausedUntil: START + 60_000 };

function booksOfOne(): BooksByHand {
  const books = new BooksByHand({}, (world) => new PausesCheck(world));
  books.endpoint(ENDPOINT, "receiver.example.com", PAUSED);
  books.delivery(1, ENDPOINT);
  return books;
}

it("an endpoint that is paused is left alone", async () => {
  const books = booksOfOne();
  await books.at(1);
  books.begin(1, ENDPOINT);
  expect(books.verdict.violation?.rule).toBe("held_is_left_alone");
});

it("what a paused endpoint is owed is looked at, and canceled, once it is deleted (seed 6709)", async () => {
  const books = booksOfOne();
  books.endpoint(ENDPOINT, "receiver.example.com", { ...PAUSED, deleted: true });
  await books.at(1);
  const attempt = books.begin(1, ENDPOINT);
  books.ledger.ended(attempt, { kind: "void", reason: "endpoint_gone" });
  expect(books.verdict.violation).toBeNull();
});
