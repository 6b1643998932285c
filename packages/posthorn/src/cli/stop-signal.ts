/**
 * Resolves at the first SIGTERM or SIGINT. A second signal ends the process immediately, without losing accepted messages.
 *
 * @param exit Ends the process.
 */
export function stopSignal(exit: (code: number) => never = process.exit): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stopping = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (stopping) exit(130);
      stopping = true;
      resolve(signal);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}
