const EVENTS = ["pointermove", "pointerdown", "keydown"] as const;

/** Resolves when the reader first moves the pointer, touches the page or presses a key. */
export function firstInteraction(target: EventTarget = globalThis): Promise<void> {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const options = { passive: true, signal: listening.signal };
    const done = (): void => {
      listening.abort();
      resolve();
    };
    for (const event of EVENTS) target.addEventListener(event, done, options);
  });
}
