/** Tells the recipients of customers which of their endpoints fail, are disabled, or work again. */
import type { Selectable } from "kysely";
import type { AlertRecipientStateTable, AlertRecipientTable } from "../../store/alert-schema.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import type { Tx } from "../../store/tx.ts";
import { type AlertChange, changesOf, PERIOD_MS } from "../alert/evaluate.ts";
import type { Services } from "../context.ts";
import type { DirectoryApplication } from "../directory.ts";
import { toDisabled } from "../endpoint/disabled.ts";
import { hostOf } from "../endpoint/host.ts";
import { isFailing } from "../policy/attention.ts";
import type { EndpointAlert } from "./texts.ts";
import { deleteRecipients, type AlertRecipient, CONFIRM_MS, toRecipient } from "./recipient.ts";
import { sendAlerts } from "./send.ts";
import { UNSUBSCRIBE_MS } from "./subscription.ts";

/** Applications that are evaluated with one query. */
const STEP = 100;
/** Maximum number of endpoints of an application that are reported. */
const MAX_ENDPOINTS = 200;
/** Shortest time between two emails to an address without a digest. What happens in between is sent together. */
export const MAIL_INTERVAL_MS = 900_000;
/** Marks reports about a disabled endpoint, which are made in addition to those about its failures. */
const DISABLED = "/disabled";

interface Round {
  readonly services: Services;
  readonly onFailure: (error: unknown) => void;
  /** Becomes true when the mail server accepts no email: the others wait for the next round. */
  isMailDown: boolean;
}

/** Evaluates the endpoints of all applications that have recipients. */
export async function evaluateCustomerAlerts(services: Services, onFailure: (error: unknown) => void): Promise<void> {
  const round: Round = { services, onFailure, isMailDown: false };
  let from = 0;
  for (;;) {
    const apps = await affectedApplications(services, from);
    for (const app of apps) {
      try {
        await evaluateApplication(round, app);
      } catch (error) {
        onFailure(error);
      }
    }
    if (apps.length < STEP) return;
    from = apps.at(-1)!;
  }
}

/** Deletes recipients of deleted applications and endpoints, unconfirmed ones whose link has expired, and old tokens. */
export async function expireRecipients(services: Services): Promise<void> {
  const now = services.now();
  await services.store.transaction(async ({ db }) => {
    const gone = await db
      .selectFrom("alert_recipient as r")
      .innerJoin("application as a", "a.id", "r.app_id")
      .leftJoin("endpoint as e", "e.id", "r.endpoint_id")
      .select("r.id")
      .where((eb) =>
        eb.or([
          eb("a.deleted_at", "is not", null),
          eb("e.deleted_at", "is not", null),
          eb.and([eb("r.confirmed_at", "is", null), eb("r.created_at", "<=", now - CONFIRM_MS)]),
        ]),
      )
      .limit(1000)
      .execute();
    await deleteRecipients(
      db,
      gone.map(({ id }) => id),
    );
    await db
      .deleteFrom("alert_recipient_token")
      .where("created_at", "<=", now - UNSUBSCRIBE_MS)
      .execute();
  }, "alert-recipient.expire");
}

async function affectedApplications({ store }: Services, from: number): Promise<readonly number[]> {
  const rows = await store.db
    .selectFrom("alert_recipient as r")
    .innerJoin("application as a", "a.id", "r.app_id")
    .select("r.app_id")
    .distinct()
    .where("r.app_id", ">", from)
    .where("r.confirmed_at", "is not", null)
    .where("a.deleted_at", "is", null)
    .where("a.kind", "=", APPLICATION_KIND.customer)
    .where((eb) =>
      eb.or([
        eb(
          "r.app_id",
          "in",
          eb.selectFrom("endpoint_failure as f").innerJoin("endpoint as e", "e.id", "f.endpoint_id").select("e.app_id"),
        ),
        eb("r.id", "in", eb.selectFrom("alert_recipient_state as s").select("s.recipient_id")),
      ]),
    )
    .orderBy("r.app_id")
    .limit(STEP)
    .execute();
  return rows.map(({ app_id }) => app_id);
}

type State = Selectable<AlertRecipientStateTable>;

async function evaluateApplication(round: Round, appKey: number): Promise<void> {
  const { services } = round;
  const application = await services.directory.application(appKey);
  if (application === null) return;
  const rows = await confirmedRecipients(services, appKey);
  const states = await services.store.db
    .selectFrom("alert_recipient_state")
    .selectAll()
    .where(
      "recipient_id",
      "in",
      rows.map(({ id }) => id),
    )
    .execute();
  const endpoints = await endpointsOf(services, appKey, states);
  const found = firingOf(application, endpoints, services.now());
  // Reports about the others end without a message.
  const reported = endpoints.filter(({ id }) => attentionOf(application, id)?.customerAlerts === true);
  for (const row of rows) {
    const own = states.filter(({ recipient_id }) => recipient_id === row.id);
    try {
      await evaluateRecipient(round, {
        recipient: toRecipient(row),
        name: row.app_name,
        own,
        found,
        endpoints: reported,
      });
    } catch (error) {
      round.onFailure(error);
    }
  }
}

function confirmedRecipients({ store }: Services, appKey: number) {
  return store.db
    .selectFrom("alert_recipient as r")
    .innerJoin("application as a", "a.id", "r.app_id")
    .selectAll("r")
    .select("a.name as app_name")
    .where("r.app_id", "=", appKey)
    .where("r.confirmed_at", "is not", null)
    .orderBy("r.id")
    .$castTo<Selectable<AlertRecipientTable> & { readonly app_name: string }>()
    .execute();
}

/** Endpoints that have failures or were reported. */
async function endpointsOf({ store }: Services, appKey: number, states: readonly State[]) {
  const reported = [...new Set(states.map(({ subject }) => endpointOf(subject)))];
  return store.db
    .selectFrom("endpoint as e")
    .leftJoin("endpoint_failure as f", "f.endpoint_id", "e.id")
    .select(["e.id", "e.public_id", "e.url", "e.description", "e.disabled", "e.disabled_json", "f.since", "f.failures"])
    .where("e.app_id", "=", appKey)
    .where("e.deleted_at", "is", null)
    .where("e.replay_task_id", "is", null)
    .where((eb) =>
      eb.or([
        eb("f.endpoint_id", "is not", null),
        ...(reported.length === 0 ? [] : [eb("e.public_id", "in", reported)]),
      ]),
    )
    .orderBy("e.id")
    .limit(MAX_ENDPOINTS)
    .execute();
}

type EndpointRow = Awaited<ReturnType<typeof endpointsOf>>[number];

/** An endpoint that fails or was disabled by Posthorn. */
interface Found {
  readonly subject: string;
  readonly alert: EndpointAlert;
}

/** An endpoint that a person disabled is not reported: they know. */
function firingOf(application: DirectoryApplication, rows: readonly EndpointRow[], now: number): readonly Found[] {
  return rows.flatMap((row): readonly Found[] => {
    const values = attentionOf(application, row.id);
    if (values?.customerAlerts !== true) return [];
    const disabled = row.disabled === 1 ? toDisabled(row.disabled_json) : null;
    if (row.disabled === 1) {
      if (disabled?.trigger !== "automatic") return [];
      const alert = alertOf(row, "disabled", disabled.failSince ?? disabled.at);
      return [row.public_id, row.public_id + DISABLED].map((subject) => ({ subject, alert }));
    }
    if (row.since === null || !isFailing({ since: row.since, failures: row.failures ?? 0 }, values, now)) return [];
    return [{ subject: row.public_id, alert: alertOf(row, "failing", row.since) }];
  });
}

function attentionOf({ endpoints }: DirectoryApplication, endpointKey: number) {
  return endpoints.get(endpointKey)?.policy.values.attention;
}

function alertOf(row: EndpointRow, status: EndpointAlert["status"], since: number): EndpointAlert {
  const { public_id: id, url, description, failures } = row;
  return { status, id, host: hostOf(url), description, since, failures: failures ?? 0 };
}

interface Evaluation {
  readonly recipient: AlertRecipient;
  /** Name of the application. */
  readonly name: string;
  /** States of this recipient. */
  readonly own: readonly State[];
  readonly found: readonly Found[];
  /** Those about which customers get alerts. */
  readonly endpoints: readonly EndpointRow[];
}

async function evaluateRecipient(round: Round, evaluation: Evaluation): Promise<void> {
  const { services } = round;
  const { recipient, name, own, endpoints } = evaluation;
  // An endpoint that does not work cannot receive alerts about itself.
  const self = endpoints.find(({ id }) => id === recipient.endpointKey)?.public_id;
  const found = evaluation.found.filter(({ alert }) => alert.id !== self);
  const now = services.now();
  const isDelayed = recipient.sentAt !== null && now - recipient.sentAt < intervalOf(recipient);
  if (recipient.email !== null && round.isMailDown) return;
  const changes = changesOf(own, found, { now, isDelayed });
  if (changes.length === 0) return;
  const alerts = alertsIn(changes, endpoints);
  // Sent first: after a crash, a message is repeated rather than lost.
  const sent = alerts.length === 0 ? "sent" : await sendAlerts(services, recipient, name, alerts);
  if (sent === "unavailable") {
    round.isMailDown = true;
    return;
  }
  await services.store.transaction(async (tx) => {
    const known = await tx.db
      .selectFrom("alert_recipient")
      .select("id")
      .where("id", "=", recipient.key)
      .executeTakeFirst();
    if (known === undefined) return;
    // After a refused email, the recipient waits for the next interval, and the others do not.
    if (sent === "sent") for (const change of changes) await storeChange(tx, recipient.key, change, now);
    if (alerts.length === 0) return;
    await tx.db.updateTable("alert_recipient").set({ sent_at: now }).where("id", "=", recipient.key).execute();
  }, "alert-recipient.evaluate");
}

function intervalOf({ email, digest }: AlertRecipient): number {
  return email === null ? PERIOD_MS[digest] : Math.max(MAIL_INTERVAL_MS, PERIOD_MS[digest]);
}

type Change = AlertChange<State, Found>;

/** The alerts to send: one for each endpoint. */
function alertsIn(changes: readonly Change[], endpoints: readonly EndpointRow[]): readonly EndpointAlert[] {
  const alerts = new Map<string, EndpointAlert>();
  for (const change of changes) {
    if (change.kind === "notify" || (change.kind === "raise" && change.notify))
      alerts.set(change.firing.alert.id, change.firing.alert);
    if (change.kind !== "end" || !change.notify || change.row.subject.endsWith(DISABLED)) continue;
    const row = endpoints.find(({ public_id }) => public_id === change.row.subject);
    // Not a recovery: it was deleted, a person disabled it, or it still fails, but below a threshold that was raised.
    if (row === undefined || row.disabled === 1 || row.since !== null) continue;
    alerts.set(row.public_id, alertOf(row, "recovered", change.row.since));
  }
  return [...alerts.values()];
}

async function storeChange({ db }: Tx, recipient_id: number, change: Change, now: number): Promise<void> {
  if (change.kind === "raise") {
    const { subject, alert } = change.firing;
    const row = {
      recipient_id,
      subject,
      since: alert.since,
      notified_at: change.notify ? now : null,
      cleared_at: null,
    };
    await db.insertInto("alert_recipient_state").values(row).execute();
    return;
  }
  const { subject } = change.row;
  if (change.kind === "end") {
    await db
      .deleteFrom("alert_recipient_state")
      .where("recipient_id", "=", recipient_id)
      .where("subject", "=", subject)
      .execute();
    return;
  }
  const set = {
    clear: { cleared_at: now },
    return: { cleared_at: null },
    notify: { notified_at: now, cleared_at: null },
  }[change.kind];
  await db
    .updateTable("alert_recipient_state")
    .set(set)
    .where("recipient_id", "=", recipient_id)
    .where("subject", "=", subject)
    .execute();
}

function endpointOf(subject: string): string {
  return subject.replace(DISABLED, "");
}
