/** Real brokers and services that destinations are tested with. Each is installed once, and started by the tests that need it. */
export { startAzurite, type TestAzurite } from "./azurite.ts";
export { installOnce } from "./cache.ts";
export { DOVECOT_PASSWORD, startDovecot, type TestDovecot } from "./dovecot.ts";
export { startFakeGcs, type TestGcs } from "./fake-gcs.ts";
export { dataFolder, debianProgram, goProgram, programOnPath } from "./installed.ts";
export { KAFKA_USER, type KafkaOptions, startKafka, type TestKafka } from "./kafka.ts";
export { type MailpitTls, type MailSummary, startMailpit, type TestMailpit } from "./mailpit.ts";
export { startMoto, type TestMoto } from "./moto.ts";
export { startMosquitto, type TestMosquitto } from "./mosquitto.ts";
export { startNats, type TestNats } from "./nats.ts";
export { type ProgramOptions, TestProgram } from "./program.ts";
export { startRabbitMq, type TestRabbitMq } from "./rabbitmq.ts";
export { pythonPackage, type PythonPackage } from "./python.ts";
export { reachPort } from "./reach.ts";
export { RADICALE_USER, startRadicale, type TestRadicale } from "./radicale.ts";
export { startRedis, type TestRedis } from "./redis.ts";
export { isSkipped, missing } from "./skipped.ts";
export type { CounterpartTls } from "./tls.ts";
