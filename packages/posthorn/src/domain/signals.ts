/** Applies signals about changes made by this node or another one. */
import type { Signal } from "../store/signal.ts";
import type { Services } from "./context.ts";
import type { TaskKind } from "./task/task.ts";

/** Applies signals in order. Each is only a hint, so that duplicates are harmless. */
export function applySignals(services: Services, signals: readonly Signal[]): void {
  for (const signal of signals) apply(services, signal);
}

function apply({ directory, dispatch, health, operational, sources, tasks, tokens }: Services, signal: Signal): void {
  switch (signal.kind) {
    case "application":
      return directory.invalidate(signal.key);
    case "redaction":
      return directory.clear();
    case "source":
      return sources.invalidate(signal.key);
    case "tokens":
      return tokens.forget();
    case "due":
      return dispatch.look(signal.endpointIds, signal.from);
    case "wake":
      return dispatch.wake(signal.endpointId);
    case "try":
      return dispatch.tryNow(signal.endpointId);
    case "healthy":
      return health.forget(signal.endpointId);
    case "revoke":
      return dispatch.revoke(signal.deliveries);
    case "task":
      return tasks.start(signal.key, signal.task as TaskKind);
    case "operational":
      return operational.wake();
    // Handled by the composition root.
    case "lane":
    case "unhealthy":
    case "lane_response":
    case "outbox":
    case "subscriptions":
    case "condition":
    case "watch":
    case "stored":
    case "nodes":
    case "keys":
    case "listeners":
    case "frames":
    case "resumed":
      return undefined;
  }
}
