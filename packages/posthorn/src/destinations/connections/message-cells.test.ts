import { expect, it } from "vitest";
import type { KindMessage } from "../kind.ts";
import { MessageReader, MessageWriter } from "./message-cells.ts";

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

/** With repeated values under other names, and other values under the same names. */
const SIGNED: KindMessage = {
  ...PLAIN,
  attributes: [
    ["webhook-id", "msg_1"],
    ["webhook-timestamp", "1767323045"],
    ["webhook-signature", "v1,abc"],
    ["svix-id", "msg_1"],
    ["svix-timestamp", "1767323045"],
    ["svix-signature", "v1,def"],
    ["webhook-id", "1"],
    ["X-Tenant", "1767323045"],
  ],
};

/** With the names of `SIGNED`, and partly other values. */
const OTHER_SIGNED: KindMessage = {
  ...SIGNED,
  id: "msg_2",
  attributes: SIGNED.attributes.map(([name, value]) => [name, value.replace("msg_1", "msg_2").replace("abc", "xyz")]),
};

/** Like `SIGNED`, with its own signature under both names, as in almost all messages. */
function usual(id: string, signature: string): KindMessage {
  const values = [id, "1767323045", signature, id, "1767323045", signature, "acme"];
  const names = [...SIGNED.attributes.slice(0, 6).map(([name]) => name), "X-Tenant"];
  return { ...PLAIN, id, attributes: names.map((name, index) => [name, values[index]!] as const) };
}

it("messages with and without optional parts arrive unchanged in the thread", () => {
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
  const sendings = [
    { id: 7, link: 1, messages },
    {
      id: 8,
      link: 2,
      messages: [SIGNED, { ...SIGNED, eventType: "invoice.due" }, SIGNED, OTHER_SIGNED, PLAIN, SIGNED],
    },
    {
      id: 10,
      link: 2,
      messages: [
        usual("msg_1", "v1,a"),
        usual("msg_2", "v1,b"),
        { ...usual("msg_3", "v1,c"), isTest: true },
        { ...usual("msg_4", "v1,d"), eventId: "e-4" },
        usual("msg_5", "v1,e"),
        SIGNED,
        usual("msg_6", "acme"),
        usual("msg_7", "1767323045"),
        usual("msg_8", "v1,f"),
        { ...usual("msg_9", "v1,g"), channels: ["a"], orderingKey: "k" },
      ],
    },
    { id: 9, link: 1, messages: [{ ...PLAIN, contentType: "" }] },
  ];
  const all = sendings.flatMap((sending) => sending.messages);
  const bodies = new Uint8Array([0, 0, ...all.flatMap(({ body }) => [...body])]);
  const writer = new MessageWriter();
  for (const sending of sendings) writer.add(sending);
  const reader = new MessageReader(writer.cells, bodies, 2);
  expect([...sendings, null].map(() => reader.next())).toEqual([...sendings, null]);
});

it("a message like the one before takes five values", () => {
  const writer = new MessageWriter();
  writer.add({ id: 1, link: 1, messages: [usual("msg_1", "v1,a")] });
  const { length } = writer.cells;
  writer.add({ id: 2, link: 1, messages: [usual("msg_2", "v1,b")] });
  // After the numbers of the sending and its link, and the number of its messages.
  expect(writer.cells.slice(length + 3)).toEqual(["msg_2", 3, PLAIN.createdAt, 3, "v1,b"]);
});
