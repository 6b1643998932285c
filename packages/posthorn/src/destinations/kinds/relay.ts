import { ownKind } from "../kind.ts";

/** How the listeners of a relay endpoint share its messages. */
export const SHARE_MODES = {
  /** The endpoint belongs to one listener. Others have their own endpoints, so that each of them gets every message. */
  all: "all",
  /** Each message goes to one of the connected listeners. */
  one: "one",
  /** One listener at a time. Others are refused while it is connected. */
  exclusive: "exclusive",
} as const;
export type ShareMode = (typeof SHARE_MODES)[keyof typeof SHARE_MODES];

/** An endpoint whose messages go to listeners that connect to this server: `posthorn listen`. */
export const RELAY = ownKind({
  family: "own",
  title: "Listener",
  summary: "Sends each event to developers who listen with `posthorn listen`, and keeps events while no one listens.",
  group: "pull",
  fields: {
    name: {
      type: "text",
      maxLength: 100,
      pattern: "[A-Za-z0-9][A-Za-z0-9._-]*",
      label: "Name",
      help: "Name that listeners connect to.",
      required: true,
      secret: false,
      isTarget: true,
      example: "anna-laptop",
    },
    share: {
      type: "choice",
      choices: Object.values(SHARE_MODES),
      default: SHARE_MODES.all,
      label: "Share",
      help: "How several listeners share the events: each developer gets all of them through a separate endpoint (all), each event goes to one of the connected listeners (one), or only one listener can be connected (exclusive).",
      required: false,
      secret: false,
    },
  },
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "none",
  ordering: "none",
  setup: [
    "Install Posthorn on the computer that receives the events, and sign in with `posthorn login`.",
    "Run `posthorn listen 3000 --app APP`, which creates an endpoint if there is none, and forwards its events to `http://localhost:3000`.",
    "Stop and start it at any time: events that arrive in between are kept, and sent when it reconnects.",
  ],
  target: ({ name }) => `relay://${name}`,
});
