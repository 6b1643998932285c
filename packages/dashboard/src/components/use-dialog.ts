import { useRouter, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";

/** Dialogs that links from other pages can open. */
export type LinkedDialog =
  | "new-application"
  | "new-source"
  | "new-event-type"
  | "new-endpoint"
  | "new-alert-rule"
  | "new-key"
  | "invite"
  | "publish"
  | "recover"
  | "send-example";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** Dialog that the page opens. */
    dialog?: LinkedDialog;
  }
}

/** State of a dialog that is opened by its button, or by a link to its page with `state: { dialog }`. `null`: by its button only. */
export function useDialog(name: LinkedDialog | null) {
  const router = useRouter();
  const isLinked = useRouterState({ select: ({ location }) => name !== null && location.state.dialog === name });
  const [open, setOpen] = useState(false);
  const [wasLinked, setWasLinked] = useState(false);
  if (isLinked !== wasLinked) {
    setWasLinked(isLinked);
    if (isLinked) setOpen(true);
  }
  useEffect(() => {
    // Otherwise, the dialog would open again after a reload.
    if (isLinked) router.history.replace(router.history.location.href, {});
  }, [isLinked, router]);
  return [open, setOpen] as const;
}
