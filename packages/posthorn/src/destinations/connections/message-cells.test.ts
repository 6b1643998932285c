import { expect, it } from "vitest";
import type { KindMessage } from "../kind.ts";
import { decodeMessages, encodeMessages } from "./message-cells.ts";

const PLAIN: KindMessage = {
  id: "msg_1",
  eventType: "invoice.paid",
  eventId: null,
  orderingKey: null,
  channels: [],
  createdAt: 1_767_323_045_000,
  contentType: "application/json",
  body: new Uint8Array([1, 2, 3]),
  attributes: [],
  isTest: false,
};

it("messages with and without optional parts are the same after the way to the thread", () => {
  const messages: readonly KindMessage[] = [
    PLAIN,
    {
      ...PLAIN,
      id: "msg_2",
      eventId: "e-2",
      orderingKey: "",
      channels: ["a", "b"],
      body: new Uint8Array(0),
      attributes: [
        ["webhook-id", "msg_2"],
        ["empty", ""],
      ],
      isTest: true,
    },
    { ...PLAIN, id: "msg_3", body: new Uint8Array([4]) },
  ];
  const bodies = new Uint8Array([0, 0, ...messages.flatMap(({ body }) => [...body])]);
  expect(decodeMessages(encodeMessages(messages), bodies, 2)).toEqual(messages);
});
