/**
 * A process that publishes into a database file, one message after another, and runs until it is killed or its standard input ends.
 * Arguments: path, key of the first message, key of the last one, bytes of a payload. Each line on its standard output is the key of a
 * message that is on disk, or `lost` and the kind of loss that the start reported.
 */
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { AcceptEntry } from "../../src/store/store.ts";

const [path = "", ...numbers] = process.argv.slice(2);
const [first = 1, last = 1, payloadBytes = 1] = numbers.map(Number);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const store = await SqliteStore.open({ path, onWalLoss: ({ kind }) => say(`lost ${kind}`) });
process.stdin.resume().on("end", () => void store[Symbol.asyncDispose]());
for (let id = first; id <= last; id++) {
  await store.accept(message(id));
  say(String(id));
}

function message(id: number): AcceptEntry {
  return {
    id,
    publicId: `msg_${id}`,
    appId: 1,
    eventType: "test.event",
    eventId: null,
    channelsJson: null,
    tagsJson: null,
    payload: Buffer.alloc(payloadBytes, "x"),
    contentType: "text/plain",
    expiresAt: null,
    deliverAt: null,
    orderingKey: null,
    unmatchedJson: null,
    requestJson: null,
    due: 0,
    endpointIds: [1],
    idempotency: null,
  };
}
