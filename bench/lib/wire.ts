/** The connection of all nodes to PostgreSQL as a separate process, which counts traffic and reports it on request. */
import { startWireCounter } from "@posthorn/testkit";

export interface WireCounts {
  readonly statements: number;
  readonly roundTrips: number;
}

const wire = await startWireCounter(Number(process.argv[2]));
process.send?.({ port: wire.port });
process.on("message", () => {
  const { statements, roundTrips } = wire;
  process.send?.({ statements, roundTrips } satisfies WireCounts);
});
process.on("disconnect", () => process.exit(0));
