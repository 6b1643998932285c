/** Connections of listeners whose tokens are checked as long as they are open. */
import type { FastifyInstance } from "fastify";
import type { Services } from "../../domain/context.ts";
import type { ConnectedSession, RelayConnection } from "../../relay/connection.ts";
import type { RelaySession } from "../../relay/sessions.ts";

/** Interval at which a token is checked again. After a revocation, it is checked at once. */
const CHECK_MS = 15_000;

/** A connection whose token is checked as long as it is open. */
export class Guarded {
  readonly connection: RelayConnection;
  onEnd: () => void = () => undefined;
  readonly #refusal: string;
  readonly #isAllowed: () => Promise<boolean>;
  readonly #timer: NodeJS.Timeout;

  /** @param refusal Tells the listener why its connection ends. */
  constructor(connection: RelayConnection, refusal: string, isAllowed: () => Promise<boolean>) {
    this.connection = connection;
    this.#refusal = refusal;
    this.#isAllowed = isAllowed;
    this.#timer = setInterval(() => this.check(), CHECK_MS);
  }

  check(): void {
    // When the database does not respond, the token is checked again later.
    this.#endUnlessAllowed().catch(() => undefined);
  }

  async #endUnlessAllowed(): Promise<void> {
    if (!(await this.#isAllowed())) this.connection.end("unauthorized", this.#refusal);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.onEnd();
  }
}

/** The connections of this server. They end when it closes, and are checked when tokens were revoked. */
export class GuardedConnections {
  readonly #open = new Set<Guarded>();

  /** @param onTokensRevoked Calls the listener after tokens were revoked, on any node; returns a function that removes it. */
  constructor(app: FastifyInstance, onTokensRevoked: (listener: () => void) => () => void) {
    const stopListening = onTokensRevoked(() => {
      for (const guarded of this.#open) guarded.check();
    });
    app.addHook("preClose", (done) => {
      stopListening();
      for (const { connection } of this.#open)
        connection.end("shutdown", "The server is stopping. Deliveries wait until the listener reconnects.");
      done();
    });
  }

  add(guarded: Guarded): void {
    this.#open.add(guarded);
    guarded.onEnd = () => this.#open.delete(guarded);
  }
}

/** A session as its connection needs it, and its application or source. */
export async function connectedSession(services: Services, row: RelaySession) {
  const application = await services.store.db
    .selectFrom("application")
    .select(["public_id", "kind"])
    .where("id", "=", row.app_id)
    .executeTakeFirstOrThrow();
  const { public_id: endpointId } = await services.store.db
    .selectFrom("endpoint")
    .select("public_id")
    .where("id", "=", row.endpoint_id)
    .executeTakeFirstOrThrow();
  const session: ConnectedSession = {
    key: row.id,
    id: row.public_id,
    endpointKey: row.endpoint_id,
    endpointId,
    appKey: row.app_id,
  };
  return { session, application };
}
