import { Link } from "@tanstack/react-router";
import {
  ArrowRight,
  CircleCheck,
  Clock,
  Filter,
  Inbox,
  type LucideIcon,
  Pause,
  RotateCcw,
  Slash,
  X,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import { Url } from "../components/url.tsx";
import type { ExactMessage } from "../api/message.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { attemptCause } from "../lib/cause.ts";
import { formatDuration } from "../lib/format.ts";
import { DELIVERY_TONES, type DeliveryWord } from "../lib/status.ts";
import { isSource } from "../lib/source.ts";
import { useAudience } from "../session/audience.ts";
import { InboundSteps } from "./inbound-steps.tsx";
import { DeliveryActions } from "./delivery-actions.tsx";
import { Transformed } from "./message-change.tsx";
import styles from "./message-view.module.css";
import { Step } from "./timeline-step.tsx";

type Delivery = components["schemas"]["MessageDeliveryOut"];
type Attempt = components["schemas"]["MessageAttemptOut"];
type Matching = components["schemas"]["MessageMatchingOut"];

const ICONS: Readonly<Record<DeliveryWord, LucideIcon>> = {
  succeeded: CircleCheck,
  failed: X,
  retrying: RotateCcw,
  pending: Clock,
  held: Pause,
  canceled: Slash,
};

export interface TimelineProps {
  readonly app: string;
  readonly message: ExactMessage;
  readonly deliveries: readonly Delivery[];
  readonly moreDeliveries: boolean;
  readonly attempts: readonly Attempt[];
  readonly matching: Matching | undefined;
}

/** Timeline: received → verified (sources only) → matched → each endpoint → transformed (if so) → each attempt. */
export function Timeline({ app, message, deliveries, moreDeliveries, attempts, matching }: TimelineProps) {
  const { t } = useTranslation();
  return (
    <ol className={styles["timeline"]} aria-label={t("timeline.title")}>
      {isSource(app) ? (
        <InboundSteps source={app} message={message} />
      ) : (
        <Step icon={Inbox} tone="good" title={t("timeline.received")} end={<Time at={message.timestamp} />}>
          <p className="muted">{t("timeline.receivedText", { type: message.eventType })}</p>
        </Step>
      )}
      <Matched matching={matching} deliveries={deliveries} app={app} />
      {deliveries.map((delivery) => (
        <DeliveryStep
          key={delivery.endpointId}
          app={app}
          message={message}
          delivery={delivery}
          attempts={attempts.filter(({ endpointId }) => endpointId === delivery.endpointId)}
        />
      ))}
      {moreDeliveries && <Note>{t("timeline.more")}</Note>}
    </ol>
  );
}

function typesText(language: string, types: readonly string[]): string {
  return new Intl.ListFormat(language).format(types);
}

/** Number of matching endpoints, and why the others did not match. */
function Matched({
  matching,
  deliveries,
  app,
}: {
  readonly matching: Matching | undefined;
  readonly deliveries: readonly Delivery[];
  readonly app: string;
}) {
  const { t, i18n } = useTranslation();
  const audience = useAudience();
  const matched = matching?.matched ?? deliveries.length;
  const unmatched = matching?.unmatched ?? 0;
  return (
    <Step
      icon={Filter}
      tone={matched > 0 ? "good" : "neutral"}
      title={t(isSource(app) ? "timeline.routed" : "timeline.matched", { count: matched })}
      end={unmatched > 0 ? t("timeline.unmatched", { count: unmatched }) : undefined}
    >
      {matched === 0 && <p className="muted">{t(isSource(app) ? "timeline.noRoute" : "timeline.noMatch")}</p>}
      {matching !== undefined && matching.reasons.length > 0 && (
        <details>
          <summary>{t(isSource(app) ? "timeline.whyNoRoute" : "timeline.whyNot", { count: unmatched })}</summary>
          <ul className={styles["why"]}>
            {matching.reasons.map((reason) => (
              <li key={reason.endpointId}>
                <Link {...audience.endpoint(app, reason.endpointId)}>
                  <Url url={reason.url} />
                </Link>
                <span className="muted">
                  {reason.message}
                  {reason.reason === "event_type" && reason.eventTypes !== null && (
                    <> {t("timeline.subscribesTo", { types: typesText(i18n.language, reason.eventTypes) })}</>
                  )}
                </span>
                {reason.clause !== null && <code>{reason.clause}</code>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Step>
  );
}

interface DeliveryStepProps {
  readonly app: string;
  readonly message: ExactMessage;
  readonly delivery: Delivery;
  readonly attempts: readonly Attempt[];
}

function DeliveryStep({ app, message, delivery, attempts }: DeliveryStepProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  const state = delivery.state as DeliveryWord;
  return (
    <Step
      icon={ICONS[state]}
      tone={DELIVERY_TONES[state]}
      title={
        <Link {...audience.endpoint(app, delivery.endpointId)} title={delivery.url}>
          <Url url={delivery.url} />
        </Link>
      }
      badge={<Badge tone={DELIVERY_TONES[state]}>{t(`deliveries.states.${state}`)}</Badge>}
    >
      {delivery.nextAttempt !== null && (
        <p className="muted">
          {t("timeline.next")} <Time at={delivery.nextAttempt} relative /> (<Time at={delivery.nextAttempt} />)
        </p>
      )}
      {delivery.heldReason !== null && <HoldReason app={app} delivery={delivery} reason={delivery.heldReason} />}
      {delivery.lastAttempt?.changed === true && (
        <Transformed app={app} message={message} attempt={delivery.lastAttempt.id} />
      )}
      {attempts.length > 0 && (
        <ol className={styles["attempts"]} aria-label={t("attempts.title")}>
          {attempts.map((attempt, index) => (
            <li key={attempt.id}>
              <AttemptLine app={app} message={message.id} attempt={attempt} number={attempts.length - index} />
            </li>
          ))}
        </ol>
      )}
      <DeliveryActions app={app} message={message.id} delivery={delivery} />
    </Step>
  );
}

/** Reason why a delivery is on hold, when it resumes, and the message that blocks it. */
function HoldReason({
  app,
  delivery: { heldUntil, heldBy },
  reason,
}: {
  readonly app: string;
  readonly delivery: Delivery;
  readonly reason: NonNullable<Delivery["heldReason"]>;
}) {
  const { t } = useTranslation();
  const audience = useAudience();
  return (
    <p className="muted">
      {t(`timeline.heldReasons.${reason}`)}
      {heldUntil !== null && (
        <>
          {" "}
          {t(reason === "endpoint_paused" ? "timeline.heldUntil" : "timeline.heldProbe")}{" "}
          <Time at={heldUntil} relative /> (<Time at={heldUntil} />)
        </>
      )}
      {heldBy !== null && (
        <>
          {" "}
          <Link {...audience.message(app, heldBy)}>{t("timeline.heldBy")}</Link>
        </>
      )}
    </p>
  );
}

interface AttemptLineProps {
  readonly app: string;
  readonly message: string;
  readonly attempt: Attempt;
  readonly number: number;
}

function AttemptLine({ app, message, attempt, number }: AttemptLineProps) {
  const { t, i18n } = useTranslation();
  const audience = useAudience();
  const ok = attempt.status === 0;
  return (
    <Link {...audience.attempt(app, message, attempt.id)} className={styles["attempt"]}>
      <span className={styles["dot"]} data-ok={ok} aria-hidden />
      <span>
        <strong>{t("attempts.number", { number })}</strong>{" "}
        <span className="muted">
          {attemptCause(t, attempt)}
          {attempt.triggerType === 1 && ` · ${t("attempts.manual")}`}
        </span>
      </span>
      <span className="muted numeric">{formatDuration(i18n.language, attempt.responseDurationMs)}</span>
      <span className="muted">
        <Time at={attempt.timestamp} relative /> <ArrowRight aria-hidden size={12} />
      </span>
    </Link>
  );
}
