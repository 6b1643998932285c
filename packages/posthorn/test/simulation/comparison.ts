/** Compares database and ledger: everything that was committed is stored, and nothing else. */
import type { allDeliveries } from "./audit.ts";
import type { Ledger } from "./ledger.ts";
import type { Verdict } from "./verdict.ts";

export function compare(stored: ReturnType<typeof allDeliveries>, ledger: Ledger, verdict: Verdict): void {
  for (const { row, rows, messageId, endpointId } of stored) {
    const delivery = ledger.delivery(messageId, endpointId);
    if (delivery === undefined) {
      verdict.broken("nothing_lost", `message ${messageId} has a row that was never committed`);
      return;
    }
    const same = delivery.rows === rows && delivery.row.state === row.state && delivery.row.due === row.due;
    if (!same) verdict.broken("nothing_lost", `${delivery.name} is not as it was committed`);
  }
  const expected = [...ledger.deliveries()].length;
  if (stored.length !== expected) {
    verdict.broken("nothing_lost", `${expected - stored.length} deliveries are gone`);
  }
}
