/**
 * Producer that encodes the records of a request in one buffer. The client's own encoder creates about 60 buffers for each record, and joins
 * all of them twice: for the checksum and for the request. The rest of the client is still used: metadata, leaders, and the numbers of
 * idempotent batches.
 */
import {
  type API,
  type Callback,
  crc32c,
  createAPI,
  kGetApi,
  produceV10,
  produceV11,
  produceV9,
  Producer,
  Writer,
} from "@platformatic/kafka";
import { type EncodableRecord, encodeBatch } from "./kafka-records.ts";

/** A record as the client passes it on, with its partition. */
interface AssignedRecord extends EncodableRecord {
  readonly topic: string;
  readonly partition: number;
}

/** Options of a request as the client passes them on. */
interface BatchOptions {
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly sequences?: { getWithDefault(partition: string, absent: number): number };
}

const PRODUCE_KEY = 0;
/** Versions whose requests have this form: from Kafka 2.4 on. Older brokers get the client's own. */
const PRODUCE: ReadonlyMap<number, ReturnType<typeof createAPI>> = new Map(
  [produceV9, produceV10, produceV11].map(({ api: { version }, parseResponse }) => [
    version,
    createAPI<unknown[], unknown>(PRODUCE_KEY, version, createRequest, parseResponse),
  ]),
);

export class RecordProducer extends Producer {
  /** The function that sends a request of this name in the latest version that both client and broker support. */
  override [kGetApi]<Args extends unknown[], Response>(name: string, callback: Callback<API<Args, Response>>): void {
    super[kGetApi]<Args, Response>(name, (error, api) => {
      const own = name === "Produce" && api !== undefined ? PRODUCE.get(api.version) : undefined;
      callback(error, own === undefined ? api : (own as unknown as API<Args, Response>));
    });
  }
}

/**
 * A request of the protocol (https://kafka.apache.org/protocol#The_Messages_Produce): transaction, acknowledgements, timeout, and for each topic
 * its partitions with a batch.
 */
export function createRequest(
  acks: number,
  timeoutMs: number,
  records: readonly AssignedRecord[],
  { producerId, producerEpoch, sequences }: BatchOptions,
): Writer {
  const topics = [...Map.groupBy(records, ({ topic }) => topic)];
  return Writer.create()
    .appendString(null)
    .appendInt16(acks)
    .appendInt32(timeoutMs)
    .appendArray(topics, (writer, [topic, ofTopic]) => {
      const partitions = [...Map.groupBy(ofTopic, ({ partition }) => partition)];
      writer.appendString(topic).appendArray(partitions, (part, [partition, ofPartition]) => {
        const batch = encodeBatch(ofPartition, {
          producerId: producerId ?? -1n,
          producerEpoch: producerEpoch ?? 0,
          firstNumber: sequences?.getWithDefault(`${topic}:${partition}`, 0) ?? 0,
          checksumOf: (bytes) => crc32c(Writer.create().append(bytes).dynamicBuffer),
        });
        part
          .appendInt32(partition)
          .appendUnsignedVarInt(batch.byteLength + 1)
          .append(batch);
      });
    })
    .appendTaggedFields();
}
