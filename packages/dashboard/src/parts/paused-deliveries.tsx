import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { api, must } from "../api/client.ts";
import { useAudience } from "../session/audience.ts";

export const DELIVERY_PAUSE = ["delivery-pause"];
/**
 * Polled only while deliveries are paused, because another person may resume them. Deliveries become paused only while the server is
 * stopped.
 */
const PAUSED_MS = 10_000;

/** Loaded only on a server that was restored: its dialog would be a sixth of the first load. */
const PausedNote = lazy(async () => {
  const { PausedNote: component } = await import("./paused-note.tsx");
  return { default: component };
});

/** Banner on every page of a server that was restored and sends nothing yet, with a button to resume deliveries. */
export function PausedDeliveries() {
  const { may, kind } = useAudience();
  const pause = useQuery({
    queryKey: DELIVERY_PAUSE,
    queryFn: () => must(api.GET("/api/v1/delivery-pause")),
    enabled: kind === "operator" && may("read"),
    refetchInterval: ({ state }) => (state.data?.paused === true ? PAUSED_MS : false),
  });
  const backupAt = pause.data?.backupAt ?? null;
  if (backupAt === null) return null;
  return (
    <Suspense fallback={null}>
      <PausedNote backupAt={backupAt} />
    </Suspense>
  );
}
