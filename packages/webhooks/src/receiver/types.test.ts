import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type { WebhookReceiver } from "./receiver.ts";
import { createReceiver } from "./receiver.ts";
import { standardWebhooks } from "./standard-source.ts";

interface Events {
  readonly "invoice.paid": { readonly data: { readonly amount: number } };
  readonly "user.created": { readonly data: { readonly email: string } };
}

const source = standardWebhooks("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

// Checked by the compiler in `npm run types`; at run time the handlers are never called.
describe("event types", () => {
  it("can be declared as a map, and a switch narrows the payload", () => {
    const receiver = createReceiver<Events>({
      source,
      handle(event) {
        expectTypeOf(event.type).toEqualTypeOf<"invoice.paid" | "user.created">();
        switch (event.type) {
          case "invoice.paid":
            expectTypeOf(event.payload.data.amount).toEqualTypeOf<number>();
            break;
          case "user.created":
            expectTypeOf(event.payload.data.email).toEqualTypeOf<string>();
            break;
        }
      },
    });
    expectTypeOf(receiver).toEqualTypeOf<WebhookReceiver>();
  });

  it("can be inferred from schemas, after their transformations", () => {
    const receiver = createReceiver({
      source,
      events: {
        "invoice.paid": z.object({ at: z.string().transform((text) => new Date(text)) }),
        "user.created": z.object({ email: z.string() }),
      },
      handle(event) {
        if (event.type === "invoice.paid") expectTypeOf(event.payload.at).toEqualTypeOf<Date>();
        else expectTypeOf(event.payload).toEqualTypeOf<{ email: string }>();
      },
    });
    expect(receiver).toBeDefined();
  });

  it("are unknown without a declaration", () => {
    const receiver = createReceiver({
      source,
      handle(event) {
        expectTypeOf(event.type).toEqualTypeOf<string>();
        expectTypeOf(event.payload).toEqualTypeOf<unknown>();
      },
    });
    expect(receiver).toBeDefined();
  });

  it("make a branch for a type outside the map a compile error", () => {
    const receiver = createReceiver<{ "invoice.paid": { readonly amount: number } }>({
      source,
      handle(event) {
        // @ts-expect-error -- there is no such event
        if (event.type === "invoice.payed") return;
        // @ts-expect-error -- there is no such field
        void event.payload.amonut;
      },
    });
    expect(receiver).toBeDefined();
  });
});
