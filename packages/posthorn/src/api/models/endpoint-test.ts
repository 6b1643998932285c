import { Type } from "typebox";
import { nullable, ref } from "./common.ts";
import { MessageAttemptOut, MessageOut } from "./message.ts";

export const EndpointTestOut = Type.Object(
  {
    message: ref(MessageOut),
    attempt: nullable(ref(MessageAttemptOut)),
  },
  { $id: "EndpointTestOut", description: "The example that was sent, and its first attempt." },
);
