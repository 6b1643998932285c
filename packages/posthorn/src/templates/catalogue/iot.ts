/** Templates for IoT and monitoring. */
import {
  destinationFields,
  DEVICE_FIELDS,
  deviceProblem,
  deviceSource,
  durationField,
  endpointFor,
  nameField,
  numberField,
  pathField,
  watchSeverity,
} from "../fields.ts";
import { defineTemplate, type ExampleStep } from "../template.ts";

const NEEDS = ["Devices, or a gateway, that can send JSON over HTTP or MQTT."];
const SETUP = [
  "With `http`, let your devices send their readings as JSON with POST to the URL of the source, with the header `Authorization: Bearer` and the device token.",
];

const reading = (body: object): ExampleStep => ({ kind: "request", body });
const deviceField = pathField(
  "Device",
  "JSONPath of the name of the device in a reading, or a level of the topic such as topic:1.",
  "$.device",
);

export const SENSOR_THRESHOLD = defineTemplate({
  title: "Sensor threshold",
  category: "iot",
  summary:
    "Receives readings of sensors, and raises an alarm for each sensor whose value stays beyond a limit for some time. The alarm is cleared at a second limit, so that it does not flap.",
  needs: NEEDS,
  fields: {
    name: nameField("Sensor threshold"),
    ...DEVICE_FIELDS,
    device: deviceField,
    value: pathField("Value", "JSONPath of the value in a reading.", "$.temperature"),
    direction: {
      type: "choice",
      label: "Direction",
      help: "Whether values above or below the limit raise an alarm.",
      required: false,
      secret: false,
      choices: ["above", "below"],
      default: "above",
    },
    limit: numberField("Limit", "Values beyond it raise an alarm.", "-12"),
    clearLimit: numberField("Limit to clear", "The alarm is cleared when the value is back beyond this limit.", "-15"),
    duration: durationField("Duration", "The value must be beyond the limit this long.", "5m"),
    ...destinationFields("webhook"),
  },
  check: (values) => {
    const { direction, limit, clearLimit } = values;
    const distance = direction === "above" ? Number(limit) - Number(clearLimit) : Number(clearLimit) - Number(limit);
    if (distance >= 0) return deviceProblem(values);
    return {
      field: "clearLimit",
      problem: "Must be on the other side of the limit, or the alarm would be cleared at once.",
    };
  },
  setup: SETUP,
  examples: [
    {
      title: "A freezer is too warm for 6 minutes, and cools down",
      steps: [
        reading({ device: "freezer-1", temperature: -18 }),
        reading({ device: "freezer-1", temperature: -9 }),
        { kind: "wait", minutes: 6 },
        reading({ device: "freezer-1", temperature: -17 }),
      ],
      receives: ["sensor.alarm.raised", "sensor.alarm.cleared"],
    },
    {
      title: "A door is open for 2 minutes",
      steps: [
        reading({ device: "freezer-2", temperature: -9 }),
        { kind: "wait", minutes: 2 },
        reading({ device: "freezer-2", temperature: -17 }),
      ],
      receives: [],
    },
  ],
  plan: (values) => {
    const isAbove = values.direction === "above";
    const [limit, clear] = [Number(values.limit), Number(values.clearLimit)];
    return {
      source: deviceSource(values, "sensor.reading"),
      eventTypes: [],
      watch: {
        eventTypes: ["sensor.reading"],
        emits: "sensor.alarm",
        rule: {
          read: { value: values.value, key: values.device },
          when: isAbove ? { above: limit } : { below: limit },
          for: values.duration,
          until: isAbove ? { below: clear } : { above: clear },
        },
      },
      endpoint: endpointFor(values, {
        eventTypes: ["sensor.alarm.raised", "sensor.alarm.cleared"],
        card: {
          title:
            '{{ body.key }} {{ body.phase | map: "cleared", "is back to normal" | default: "is beyond its limit" }}: {{ body.value }}',
          fields: 'Value: {{ body.value }}\nSince: {{ body.since | date: "YYYY-MM-DD HH:mm" }}',
          severity: watchSeverity("error"),
        },
      }),
    };
  },
});

export const DEVICE_OFFLINE = defineTemplate({
  title: "Device offline",
  category: "iot",
  summary:
    "Receives heartbeats of devices, and reports each device that has been silent for some time, even one that never sent anything, and reports it again when it is back.",
  needs: NEEDS,
  fields: {
    name: nameField("Device offline"),
    ...DEVICE_FIELDS,
    device: deviceField,
    silence: durationField("Offline after", "A device is offline if it has sent nothing for this long.", "15m"),
    expected: {
      type: "text",
      label: "Expected devices",
      help: "Names of devices, separated by commas. They are reported even if they never send anything.",
      required: false,
      secret: false,
      maxLength: 4000,
      example: "boiler-1",
    },
    ...destinationFields("webhook"),
  },
  check: (values) => deviceProblem(values),
  setup: SETUP,
  examples: [
    {
      title: "A boiler sends a heartbeat, is silent for 20 minutes, and comes back",
      steps: [reading({ device: "boiler-1" }), { kind: "wait", minutes: 20 }, reading({ device: "boiler-1" })],
      receives: ["device.offline.raised", "device.offline.cleared"],
    },
    {
      title: "A boiler sends a heartbeat every 10 minutes",
      steps: [
        reading({ device: "boiler-1" }),
        { kind: "wait", minutes: 10 },
        reading({ device: "boiler-1" }),
        { kind: "wait", minutes: 10 },
        reading({ device: "boiler-1" }),
      ],
      receives: [],
    },
  ],
  plan: (values) => {
    const expected = [...new Set((values.expected ?? "").split(",").map((name) => name.trim()))].filter(
      (name) => name !== "",
    );
    return {
      source: deviceSource(values, "device.heartbeat"),
      eventTypes: [],
      watch: {
        eventTypes: ["device.heartbeat"],
        emits: "device.offline",
        rule: {
          read: { key: values.device },
          when: { silent: values.silence },
          ...(expected.length === 0 ? {} : { expect: expected }),
        },
      },
      endpoint: endpointFor(values, {
        eventTypes: ["device.offline.raised", "device.offline.cleared"],
        card: {
          title: '{{ body.key }} {{ body.phase | map: "cleared", "is back online" | default: "is offline" }}',
          fields: 'Last heartbeat: {{ body.sample.timestamp | date: "YYYY-MM-DD HH:mm" }}',
          severity: watchSeverity("error"),
        },
      }),
    };
  },
});

function station(values: readonly number[]): ExampleStep {
  return reading({ stations: values.map((pm25, index) => ({ id: `station-${index + 1}`, pm25 })) });
}

export const ENVIRONMENTAL_MONITORING = defineTemplate({
  title: "Environmental monitoring",
  category: "iot",
  summary:
    "Receives measurements of several stations at once, and reports a station when the average of its values over a period is above the limit, so that single peaks are ignored.",
  needs: ["A gateway or a service that sends the measurements of your stations as JSON over HTTP or MQTT."],
  fields: {
    name: nameField("Environmental monitoring"),
    ...DEVICE_FIELDS,
    stations: pathField("Stations", "JSONPath of the stations in a request.", "$.stations[*]"),
    station: pathField("Station", "JSONPath of the name within a station.", "$.id"),
    value: pathField("Value", "JSONPath of the measured value within a station.", "$.pm25"),
    limit: numberField("Limit", "The average above which a station is reported.", "35"),
    clearLimit: numberField("Limit to clear", "The station is cleared when its average is below this.", "25"),
    period: durationField("Period", "Values of this period are averaged.", "1h"),
    ...destinationFields("webhook"),
  },
  check: (values) =>
    Number(values.clearLimit) <= Number(values.limit)
      ? deviceProblem(values)
      : { field: "clearLimit", problem: "Must not be above the limit, or the station would be cleared at once." },
  setup: [
    "With `http`, let the gateway send the measurements as JSON with POST to the URL of the source, with the header `Authorization: Bearer` and the device token.",
  ],
  examples: [
    {
      title: "One of two stations measures 60 for some time, and then 5",
      steps: [station([60, 10]), { kind: "wait", minutes: 70 }, station([5, 10])],
      receives: ["air.quality.raised", "air.quality.cleared"],
    },
    {
      title: "A single peak",
      steps: [station([10, 10]), station([10, 10]), station([10, 10]), station([60, 10])],
      receives: [],
    },
  ],
  plan: (values) => ({
    source: deviceSource(values, "environment.measured"),
    eventTypes: [],
    watch: {
      eventTypes: ["environment.measured"],
      emits: "air.quality",
      rule: {
        read: { items: values.stations, value: values.value, key: values.station },
        when: { avg: { over: values.period, above: Number(values.limit) } },
        until: { avg: { over: values.period, below: Number(values.clearLimit) } },
      },
    },
    endpoint: endpointFor(values, {
      eventTypes: ["air.quality.raised", "air.quality.cleared"],
      card: {
        title:
          '{{ body.key }}: average {{ body.phase | map: "cleared", "is back to normal" | default: "is too high" }}',
        fields: "Last value: {{ body.value }}",
        severity: watchSeverity("warning"),
      },
    }),
  }),
});

const door = (state: string, armed: boolean): ExampleStep => reading({ device: "back-door", state, armed });

export const SECURITY_TRIGGER = defineTemplate({
  title: "Security trigger",
  category: "iot",
  summary:
    "Receives states of doors, windows and motion sensors, and reports each one that opens while the alarm system is armed.",
  needs: NEEDS,
  fields: {
    name: nameField("Security trigger"),
    ...DEVICE_FIELDS,
    device: deviceField,
    state: pathField("State", "JSONPath of the state in a reading.", "$.state"),
    from: {
      type: "text",
      label: "State before",
      help: "Such as closed.",
      required: false,
      secret: false,
      maxLength: 100,
      default: "closed",
    },
    to: {
      type: "text",
      label: "New state",
      help: "Such as open. This change is reported.",
      required: false,
      secret: false,
      maxLength: 100,
      default: "open",
    },
    ...destinationFields("webhook"),
  },
  check: (values) => deviceProblem(values),
  setup: [...SETUP, "Readings have a member `armed`, which is true while the alarm system is armed."],
  examples: [
    {
      title: "A door opens while the system is armed",
      steps: [door("closed", true), door("open", true)],
      receives: ["security.triggered.changed"],
    },
    {
      title: "A door is closed, and opens while the system is not armed",
      steps: [door("closed", false), door("open", false), door("closed", true)],
      receives: [],
    },
  ],
  plan: (values) => ({
    source: deviceSource(values, "security.state"),
    eventTypes: [],
    watch: {
      eventTypes: ["security.state"],
      emits: "security.triggered",
      rule: {
        read: { value: values.state, key: values.device },
        when: { all: [{ changed: { from: values.from, to: values.to } }, { filter: { body: { armed: true } } }] },
      },
    },
    endpoint: endpointFor(values, {
      eventTypes: ["security.triggered.changed"],
      card: {
        title: "{{ body.key }}: {{ body.previous }} to {{ body.value }}",
        fields: 'At: {{ body.at | date: "YYYY-MM-DD HH:mm:ss" }}',
        severity: "critical",
      },
    }),
  }),
});
