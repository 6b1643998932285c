import { type Call, write } from "../context.ts";
import { getMessage, type MessageRef } from "./find.ts";

/** Deletes the payload of a message. The message itself and its attempts stay visible. */
export async function expungeMessageContent({ ctx, input }: Call<MessageRef>): Promise<void> {
  const { message } = await getMessage({ ctx, input: { ...input, withContent: false } });
  await write(ctx, ({ db }) =>
    db.updateTable("message").set({ payload: null }).where("id", "=", message.key).execute(),
  );
}
