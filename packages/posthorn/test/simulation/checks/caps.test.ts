import { describe, expect, it } from "vitest";
import { LedgerFixture } from "../ledger-fixture.ts";
import { CapsCheck } from "./caps.ts";

const ENDPOINT = 1;

/** Ledger with one endpoint that has a rate of 2 attempts per second, and messages for it. */
async function booksOfOne(): Promise<LedgerFixture> {
  const books = new LedgerFixture({}, (world) => new CapsCheck(world));
  books.endpoint(ENDPOINT, "receiver.example.com", { rate: 2 });
  for (let message = 1; message <= 6; message++) books.delivery(message, ENDPOINT);
  await books.at(5000);
  return books;
}

/** Starts attempts at these times, each with its request at once. */
async function send(
  books: LedgerFixture,
  attempts: readonly (readonly [message: number, at: number])[],
): Promise<void> {
  for (const [message, at] of attempts) {
    await books.at(at);
    books.request(books.begin(message, ENDPOINT));
  }
}

describe("a rate", () => {
  it("is exceeded by one attempt too many in a second", async () => {
    const books = await booksOfOne();
    await send(books, [
      [1, 5000],
      [2, 5500],
      [3, 6000],
    ]);
    expect(books.verdict.violation).toBeNull();
    await send(books, [[4, 6100]]);
    expect(books.verdict.violation?.text).toBe("3 attempts to receiver.example.com in a second, limit 2");
  });

  it("applies to attempts as they start, whichever sends its request first", async () => {
    const books = await booksOfOne();
    const late = books.begin(1, ENDPOINT);
    await send(books, [
      [2, 5600],
      [3, 6200],
      [4, 6800],
      [5, 7400],
    ]);
    books.request(late);
    expect(books.verdict.violation).toBeNull();
  });

  it("is exceeded by one attempt too many that sends its request later than the ones after it", async () => {
    const books = await booksOfOne();
    const late = books.begin(1, ENDPOINT);
    await send(books, [
      [2, 5300],
      [3, 5800],
      [4, 6400],
    ]);
    books.request(late);
    expect(books.verdict.violation?.rule).toBe("rate");
  });

  it("assigns a request to the attempt that makes it, and not to one that ended without a request after its lane was lost", async () => {
    const books = await booksOfOne();
    const lost = books.begin(1, ENDPOINT);
    books.loseLanes();
    await books.at(6000);
    books.ledger.ended(lost, { kind: "not_now", pauseMs: 0 });
    await send(books, [
      [2, 60_000],
      [3, 60_500],
      [1, 61_000],
    ]);
    expect(books.verdict.violation).toBeNull();
    await send(books, [[4, 61_100]]);
    expect(books.verdict.violation?.rule).toBe("rate");
  });
});
