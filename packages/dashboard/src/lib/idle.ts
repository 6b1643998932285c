/** Idle or not, nobody waits for longer than this for what was put off. */
const LATEST_MS = 1500;

/** Resolves once the browser has nothing better to do. */
export function idle(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === "function") requestIdleCallback(() => resolve(), { timeout: LATEST_MS });
    else setTimeout(resolve, LATEST_MS / 3);
  });
}
