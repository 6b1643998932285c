/** Registry of templates, in the order of the gallery. */
import {
  INVENTORY_LEVEL,
  PAYMENT_CONFIRMATION,
  REFUND,
  SHIPPING_UPDATE,
  SUBSCRIPTION_CHANGE,
} from "./catalogue/commerce.ts";
import { CALENDAR_REMINDER, CHAT_NOTIFICATION, EMAIL_DELIVERY_STATUS } from "./catalogue/communication.ts";
import { COMMENT_MODERATION, CONTENT_PUBLISHED, FORM_SUBMISSION, MEDIA_UPLOAD } from "./catalogue/content.ts";
import { NEW_LEAD, TICKET_UPDATE, USER_REGISTRATION } from "./catalogue/crm.ts";
import { BUILD_COMPLETION, CONTAINER_PUSH, ERROR_RATE, REPOSITORY_EVENTS } from "./catalogue/development.ts";
import { DEVICE_OFFLINE, ENVIRONMENTAL_MONITORING, SECURITY_TRIGGER, SENSOR_THRESHOLD } from "./catalogue/iot.ts";
import { CAMPAIGN_EVENTS, CONVERSION } from "./catalogue/marketing.ts";
import type { Template } from "./template.ts";

/** Templates by the ID that the API uses. */
export const TEMPLATES: Readonly<Record<string, Template>> = {
  "payment-confirmation": PAYMENT_CONFIRMATION,
  refund: REFUND,
  "subscription-change": SUBSCRIPTION_CHANGE,
  "shipping-update": SHIPPING_UPDATE,
  "inventory-level": INVENTORY_LEVEL,
  "chat-notification": CHAT_NOTIFICATION,
  "email-delivery-status": EMAIL_DELIVERY_STATUS,
  "calendar-reminder": CALENDAR_REMINDER,
  "repository-events": REPOSITORY_EVENTS,
  "build-completion": BUILD_COMPLETION,
  "error-rate": ERROR_RATE,
  "container-push": CONTAINER_PUSH,
  "new-lead": NEW_LEAD,
  "ticket-update": TICKET_UPDATE,
  "user-registration": USER_REGISTRATION,
  "content-published": CONTENT_PUBLISHED,
  "media-upload": MEDIA_UPLOAD,
  "comment-moderation": COMMENT_MODERATION,
  "form-submission": FORM_SUBMISSION,
  "sensor-threshold": SENSOR_THRESHOLD,
  "device-offline": DEVICE_OFFLINE,
  "environmental-monitoring": ENVIRONMENTAL_MONITORING,
  "security-trigger": SECURITY_TRIGGER,
  "campaign-events": CAMPAIGN_EVENTS,
  conversion: CONVERSION,
};

/** `null`: there is none with this ID. */
export function templateNamed(id: string): Template | null {
  return Object.hasOwn(TEMPLATES, id) ? TEMPLATES[id]! : null;
}
